import type { PduFields } from 'smpp';

/** A receipt as it is due: SMPP 3.4, appendix B, with the ptt in `err`. */
export type Receipt = Readonly<{
  smscId: string;
  /** The message's own: in the receipt they change places. */
  sender: string;
  receiver: string;
  ptt: number;
  submittedAtMs: number;
  text: string;
  /** Left out: the id is in the text and in a TLV. */
  form?: 'text' | 'tlv' | undefined;
}>;

type State = Readonly<{ stat: string; messageState: number }>;
const undelivered: State = { stat: 'UNDELIV', messageState: 5 };
const expired: State = { stat: 'EXPIRED', messageState: 3 };
const rejected: State = { stat: 'REJECTD', messageState: 8 };
const underway: State = { stat: 'ENROUTE', messageState: 1 };

/** Any other ptt is undelivered. */
const stateByPtt: Readonly<Record<number, State>> = {
  1: underway,
  2: underway,
  3: { stat: 'ACCEPTD', messageState: 6 },
  4: { stat: 'DELIVRD', messageState: 2 },
  6: { stat: 'UNKNOWN', messageState: 7 },
  8: expired,
  21: expired,
  28: rejected,
  29: rejected,
  33: rejected,
  76: rejected,
  202: rejected,
};

const receiptEsmClass = 0x04;
const textCharactersMax = 20;

/** YYMMDDhhmm, UTC. */
const shortDate = (atMs: number): string => new Date(atMs).toISOString().replace(/\D/g, '').slice(2, 12);

const asciiStart = (text: string): string => text.slice(0, textCharactersMax).replace(/[^ -~]/g, '?');

/** What query_sm tells of a message that ends so. */
export const messageStateOf = (ptt: number): number => (stateByPtt[ptt] ?? undelivered).messageState;

/** Whether registered_delivery asks for it (SMPP 3.4, 5.2.17): any, failures only, successes only; intermediate ones go with any or their own bit. */
export const isReceiptWanted = (registeredDelivery: number, ptt: number): boolean => {
  const finals = registeredDelivery & 0x03;
  if (ptt <= 3) return finals === 1 || (registeredDelivery & 0x10) !== 0;
  return finals === 1 || finals === (ptt === 4 ? 3 : 2);
};

/** The deliver_sm that carries the receipt. */
export const deliverSmOf = ({ smscId, sender, receiver, ptt, submittedAtMs, text, form }: Receipt, nowMs: number): PduFields => {
  const { stat, messageState } = stateByPtt[ptt] ?? undelivered;
  const delivered = ptt === 4 ? '001' : '000';
  const dates = `submit date:${shortDate(submittedAtMs)} done date:${shortDate(nowMs)}`;
  const err = String(ptt).padStart(3, '0');
  const receiptText = `id:${smscId} sub:001 dlvrd:${delivered} ${dates} stat:${stat} err:${err} text:${asciiStart(text)}`;
  return {
    source_addr: receiver,
    destination_addr: sender,
    esm_class: receiptEsmClass,
    data_coding: 0,
    ...(form !== 'tlv' && { short_message: Buffer.from(receiptText, 'latin1') }),
    ...(form !== 'text' && { receipted_message_id: smscId, message_state: messageState }),
  };
};
