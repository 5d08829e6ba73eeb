/** What the simulator does with a submit_sm, decided by the last six digits of its receiver (DESIGN 8). */
export type ReceiverRule =
  | Readonly<{ kind: 'receipt'; ptt: number; extraDelayMs: number }>
  | Readonly<{ kind: 'refuse'; commandStatus: number; firstAttemptOnly: boolean }>;

const deliveredPtt = 4;
const delayStepMs = 100;
/** Message queue full and throttled: a client tries these again, so the second attempt must get through. */
const busyStatuses: ReadonlySet<number> = new Set([0x14, 0x58]);

/** `…000ddd` that ptt; `…999ddd` delivered after ddd tenths of a second; `…888ddd` refused with that command_status; others delivered. */
export const ruleOfReceiver = (receiver: string): ReceiverRule => {
  const [, group, digits] = /(000|888|999)(\d{3})$/.exec(receiver) ?? [];
  const number = Number(digits ?? 0);
  if (group === '000' && number > 0) return { kind: 'receipt', ptt: number, extraDelayMs: 0 };
  if (group === '888' && number > 0) return { kind: 'refuse', commandStatus: number, firstAttemptOnly: busyStatuses.has(number) };
  return { kind: 'receipt', ptt: deliveredPtt, extraDelayMs: group === '999' ? number * delayStepMs : 0 };
};
