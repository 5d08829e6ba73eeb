import type { MessageView } from '@kwota/contracts/dlr.requests.v1';
import type { IncomingView } from '@kwota/contracts/phones.requests.v1';
import { dlrText } from '@kwota/delivery-codes';
import { wallClock } from '../edge/wall-clock.js';

export const csvHeader = 'id;date;sender;receiver;ptt;operatorCode;descriptionDlr;tag;message;sentAt;deliveredAt\n';

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** One message as OVH's export writes it (OVH.md 1.3); we know no operator code. */
export const csvRow = ({ messageId, acceptedAtMs, sender, receiver, ptt, dlr, tag, text, submittedAtMs, deliveredAtMs }: MessageView, timeZone: string): string => {
  const time = (ms: number | null): string => (ms === null ? '' : wallClock(ms, timeZone));
  const fields = [messageId, time(acceptedAtMs), quoted(sender), receiver, ptt, '', quoted(dlrText(dlr)), quoted(tag), quoted(text), time(submittedAtMs), time(deliveredAtMs)];
  return `${fields.join(';')}\n`;
};

/** Of messages from phones OVH publishes no form: the fields of sms.Incoming but the credits, which are none. */
export const incomingCsvHeader = 'id;date;sender;tag;message\n';

export const incomingCsvRow = ({ id, receivedAtMs, sender, tag, text }: IncomingView, timeZone: string): string =>
  `${[id, wallClock(receivedAtMs, timeZone), sender, quoted(tag), quoted(text)].join(';')}\n`;
