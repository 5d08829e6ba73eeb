import { outcomeOf, type DeliveryOutcome } from './outcome.js';

/** What the answer to a submit_sm means. `retry`: the SMSC is busy, the same part may be submitted again. */
export type SubmitOutcome =
  | Readonly<{ kind: 'accepted' }>
  | Readonly<{ kind: 'retry'; commandStatus: number }>
  | Readonly<{ kind: 'refused'; outcome: DeliveryOutcome }>;

const accepted = 0x00;
const messageQueueFull = 0x14;
const throttled = 0x58;
const invalidDestination = 0x0b;

/** SMPP 3.4, 5.1.3, without the three above: what an SMSC may answer that speaks no dialect of its own. */
const standardStatuses: ReadonlySet<number> = new Set([
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x11, 0x13, 0x15, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44,
  0x45, 0x48, 0x49, 0x50, 0x51, 0x53, 0x54, 0x55, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xfe, 0xff,
]);

/** A refused submit_sm was never in the network, so it is DLR 16 and not billed (DESIGN 8); a status outside SMPP 3.4 is marked unrecognised. */
export const outcomeOfCommandStatus = (commandStatus: number): SubmitOutcome => {
  if (commandStatus === accepted) return { kind: 'accepted' };
  if (commandStatus === messageQueueFull || commandStatus === throttled) return { kind: 'retry', commandStatus };
  const outcome = outcomeOf(commandStatus === invalidDestination ? 23 : 20, 16);
  return { kind: 'refused', outcome: { ...outcome, recognised: standardStatuses.has(commandStatus) } };
};
