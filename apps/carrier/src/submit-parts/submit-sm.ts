import type { ConnectorSettings } from '@kwota/contracts/carrier.requests.v1';
import { encodeGsm7Unpacked, encodeUcs2 } from '@kwota/sms-text';
import type { SubmitSm } from '../connect-smsc/encoded-pdu.js';
import type { ClaimedPart } from '../parts.repository.js';
import { priorityFlags } from '../priorities.js';

export type SubmitSettings = Pick<ConnectorSettings, 'alphabet' | 'longMessages' | 'registeredDelivery' | 'validityPeriod' | 'serviceType' | 'addresses' | 'priorityFlag'>;
/** What goes out as one submit_sm: a part, or with message_payload all parts of a message. */
export type Unit = readonly [ClaimedPart, ...ClaimedPart[]];

const esmClassWithHeader = 0x40;
/** SMPP 3.4, 5.2.19. */
const dataCoding = { default: 0x00, latin1: 0x03, ucs2: 0x08 };
/** Bit 4 says that the low two bits are the message class (3GPP 23.038). */
const messageClassBit = 0x10;
/** The octets of a short_message; more goes as message_payload. */
export const shortMessageOctetsMax = 254;

const isLatin1 = (text: string): boolean => !/[^\u0000-\u00ff]/.test(text);

const contentOf = (text: string, coding: ClaimedPart['coding'], { alphabet }: SubmitSettings): { octets: Uint8Array; dataCoding: number } => {
  if (coding === 'unicode') return { octets: encodeUcs2(text), dataCoding: dataCoding.ucs2 };
  // What Latin-1 does not have (€, Greek letters) goes in the SMSC's own alphabet.
  if (alphabet === 'latin1' && isLatin1(text)) return { octets: Buffer.from(text, 'latin1'), dataCoding: dataCoding.latin1 };
  return { octets: encodeGsm7Unpacked(text), dataCoding: dataCoding.default };
};

type Source = Readonly<{ address: string; ton: number; npi: number }>;

const sourceOf = (sender: string, { addresses: { international, short, alphanumeric } }: SubmitSettings): Source => {
  if (/^\+\d+$/.test(sender)) return { address: sender.slice(1), ton: international.ton, npi: international.npi };
  const { ton, npi } = /^\d+$/.test(sender) ? short : alphanumeric;
  return { address: sender, ton, npi };
};

/** 3GPP 23.040, 9.2.3.24.1: joined short messages with an 8-bit reference, the same for all parts of a message. */
const headerOf = ({ messageId, part, parts }: ClaimedPart): Buffer => Buffer.of(5, 0, 3, messageId % 0x100, parts, part);

const twoDigits = (value: number): string => (value < 10 ? `0${Math.floor(value)}` : `${Math.floor(value)}`);

/** SMPP 3.4, 7.1.1.2: years, months, days, hours, minutes, seconds from now on. */
const relativePeriod = (ms: number): string => {
  const seconds = Math.max(1, Math.floor(ms / 1_000));
  return `0000${twoDigits(seconds / 86_400)}${twoDigits((seconds / 3_600) % 24)}${twoDigits((seconds / 60) % 60)}${twoDigits(seconds % 60)}000R`;
};

/** SMPP 3.4, 7.1.1.1: YYMMDDhhmmss, tenths of a second, and no quarters of an hour ahead of UTC. */
const absolutePeriod = (atMs: number): string => {
  const at = new Date(atMs);
  const day = `${twoDigits(at.getUTCFullYear() % 100)}${twoDigits(at.getUTCMonth() + 1)}${twoDigits(at.getUTCDate())}`;
  const time = `${twoDigits(at.getUTCHours())}${twoDigits(at.getUTCMinutes())}${twoDigits(at.getUTCSeconds())}`;
  return `${day}${time}${Math.floor(at.getUTCMilliseconds() / 100)}00+`;
};

const validityOf = (validUntilMs: number, nowMs: number, { validityPeriod }: SubmitSettings): string => {
  if (validityPeriod === 'none') return '';
  return validityPeriod === 'absolute' ? absolutePeriod(validUntilMs) : relativePeriod(validUntilMs - nowMs);
};

const nothing = new Uint8Array();

/** The submit_sm of a unit. Its reference, the low 16 bits of the message id, helps to tell messages apart in an SMSC's log. */
export const submitSmOf = (unit: Unit, settings: SubmitSettings, nowMs: number): SubmitSm => {
  const [part] = unit;
  const isOneOfSeveral = part.parts > 1 && unit.length === 1;
  const source = sourceOf(part.sender, settings);
  const { receiver } = settings.addresses;
  const { octets, dataCoding } = contentOf(unit.length === 1 ? part.text : unit.map(({ text }) => text).join(''), part.coding, settings);
  const content = isOneOfSeveral ? Buffer.concat([headerOf(part), octets]) : octets;
  const isPayload = unit.length > 1 || content.length > shortMessageOctetsMax;
  return {
    service_type: settings.serviceType,
    source_addr_ton: source.ton,
    source_addr_npi: source.npi,
    source_addr: source.address,
    dest_addr_ton: receiver.ton,
    dest_addr_npi: receiver.npi,
    destination_addr: part.receiver.replace('+', ''),
    esm_class: isOneOfSeveral ? esmClassWithHeader : 0,
    priority_flag: settings.priorityFlag === 'none' ? 0 : priorityFlags[part.priority],
    validity_period: validityOf(part.validUntilMs, nowMs, settings),
    registered_delivery: settings.registeredDelivery,
    data_coding: dataCoding | (part.messageClass === null ? 0x00 : messageClassBit | part.messageClass),
    short_message: isPayload ? nothing : content,
    message_payload: isPayload ? content : nothing,
    user_message_reference: part.messageId % 0x10000,
  };
};

/** `parts` in units, in order: the parts of a message together where the connector takes message_payload and all of them are there. */
export function* unitsOf(parts: readonly ClaimedPart[], { longMessages }: Pick<SubmitSettings, 'longMessages'>): Generator<Unit> {
  for (let at = 0; at < parts.length; ) {
    const first = parts[at] as ClaimedPart;
    const unit: Unit = longMessages === 'payload' && first.parts > 1 ? wholeMessageAt(parts, at, first) : [first];
    yield unit;
    at += unit.length;
  }
}

const wholeMessageAt = (parts: readonly ClaimedPart[], at: number, first: ClaimedPart): Unit => {
  const whole = parts.slice(at, at + first.parts);
  const isWhole = whole.length === first.parts && whole.every(({ messageId, part }, index) => messageId === first.messageId && part === index + 1);
  return isWhole ? [first, ...whole.slice(1)] : [first];
};
