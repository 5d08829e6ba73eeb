import type { PartReceipt } from '@kwota/contracts/receipts.v1';
import { applyReceipt, billedParts, endForSilence, newMessageState, withdraw, type MessageState, type StateChange } from './message-state.js';

type Said = Partial<PartReceipt>;
const submitted: Said = { stage: 'submitted', ptt: 3, dlr: 8, final: false, atMs: 10 };
const delivered: Said = { stage: 'receipt', ptt: 4, dlr: 1, final: true, atMs: 30 };
const failed: Said = { stage: 'receipt', ptt: 24, dlr: 2, final: true, atMs: 30 };
const refused: Said = { stage: 'refused', ptt: 23, dlr: 16, final: true, atMs: 10 };
const expired: Said = { stage: 'expired', ptt: 8, dlr: 2, final: true, atMs: 90 };
const absentSoFar: Said = { stage: 'receipt', ptt: 1, dlr: 8, final: false, atMs: 20 };

const receipt = (said: Said, part = 1): PartReceipt => ({
  kind: 'part',
  account: 'sms-kw00001-1',
  messageId: 1,
  part,
  parts: 1,
  stage: 'receipt',
  ptt: 4,
  dlr: 1,
  final: true,
  recognised: true,
  atMs: 0,
  raw: { connector: 'default' },
  ...said,
});

type Step = (state: MessageState) => StateChange | undefined;
const says = (said: Said, part = 1): Step => (state) => applyReceipt(state, receipt(said, part));
const silence: Step = (state) => endForSilence(state, 100);
const withdrawal: Step = (state) => withdraw(state, 15);

/** Where the steps lead, and what was announced on the way as [ptt, dlr, final, silent, submitted]. */
const follow = (parts: number, ...steps: readonly Step[]) => {
  let state = newMessageState(parts);
  const announced: [number, number, boolean, boolean, boolean][] = [];
  for (const step of steps) {
    const change = step(state);
    if (!change) continue;
    state = change.state;
    if (change.announced) announced.push([state.ptt, state.dlr, state.final, state.silent, state.submitted]);
  }
  expect(state.sequence).toBe(announced.length);
  return { state, announced };
};
const toldOf = (parts: number, ...steps: readonly Step[]) => follow(parts, ...steps).announced;

const open3 = [3, 8, false, false, true] as const;

describe('one part', () => {
  it('goes from submitted to delivered', () => {
    const { announced, state } = follow(1, says(submitted), says(delivered));
    expect(announced).toEqual([open3, [4, 1, true, false, true]]);
    expect(state).toMatchObject({ submittedAtMs: 10, deliveredAtMs: 30 });
  });

  it.each([
    ['a duplicate', says(delivered)],
    ['another final', says(failed)],
    ['an intermediate one', says(absentSoFar)],
    ['a withdrawal', withdrawal],
    ['silence', silence],
  ])('after a final %s changes nothing', (_, step) => {
    expect(toldOf(1, says(delivered), step)).toHaveLength(1);
  });

  it('news on the way is told once', () => {
    expect(toldOf(1, says(submitted), says(absentSoFar), says(absentSoFar))).toEqual([open3, [1, 8, false, false, true]]);
  });

  it('the answer to submit_sm after the first receipt is no step back', () => {
    expect(toldOf(1, says(absentSoFar), says(submitted))).toHaveLength(1);
    expect(toldOf(1, says(delivered), says(submitted))).toHaveLength(1);
  });

  it('an older intermediate receipt, read again, is no news', () => {
    const operatorProblem = { ...absentSoFar, ptt: 2, atMs: 25 };
    expect(toldOf(1, says(absentSoFar), says(operatorProblem), says(absentSoFar), says(operatorProblem))).toHaveLength(2);
  });

  it('refused by the SMSC is final and not submitted', () => {
    expect(toldOf(1, says(refused))).toEqual([[23, 16, true, false, false]]);
  });

  it('a part that the message does not have is no news', () => {
    expect(toldOf(1, says(delivered, 2))).toEqual([]);
  });
});

describe('withdrawn', () => {
  it('before any news it ends as not billed', () => expect(toldOf(1, withdrawal, says(delivered))).toEqual([[20, 16, true, false, false]]));
  it('what was submitted ends too: its sender was told that it failed', () =>
    expect(toldOf(1, says(submitted), withdrawal, says(delivered))).toEqual([open3, [20, 16, true, false, true]]));
});

describe('silence', () => {
  it('ends what was submitted as unknown', () => expect(toldOf(1, says(submitted), silence)).toEqual([open3, [6, 2, true, true, true]]));
  it('ends what was never submitted as expired', () => expect(toldOf(1, silence)).toEqual([[8, 2, true, true, false]]));
  it('the carrier says the same of what it did not submit in time', () => expect(toldOf(1, says(expired))).toEqual([[8, 2, true, true, false]]));

  it('gives way once to a real receipt', () => {
    const steps = [says(submitted), silence, says(absentSoFar), says(delivered), says(failed)];
    expect(toldOf(1, ...steps)).toEqual([open3, [6, 2, true, true, true], [4, 1, true, false, true]]);
  });

  it('is corrected by a real receipt that says the same', () => {
    expect(toldOf(1, silence, says({ ...failed, ptt: 8 }))).toEqual([[8, 2, true, true, false], [8, 2, true, false, true]]);
  });

  it('does not give way to the carrier saying that it expired', () => expect(toldOf(1, silence, says(expired))).toHaveLength(1));

  it('of several parts gives way when the last real receipt is there', () => {
    const { announced } = follow(2, says(submitted), says(submitted, 2), silence, says(delivered), says(delivered, 2));
    expect(announced).toEqual([open3, [6, 2, true, true, true], [4, 1, true, false, true]]);
  });

  it('of several parts gives way at once to a part that failed', () => {
    expect(toldOf(2, says(submitted), says(submitted, 2), silence, says(failed), says(delivered, 2)).slice(1)).toEqual([
      [6, 2, true, true, true],
      [24, 2, true, false, true],
    ]);
  });
});

describe('several parts', () => {
  it('show the one that is least far', () => {
    expect(toldOf(2, says(submitted))).toEqual([]);
    expect(toldOf(2, says(submitted), says(submitted, 2), says(delivered))).toEqual([open3]);
  });

  it('are final when all are, and delivered when all are', () => {
    expect(toldOf(2, says(delivered), says(delivered, 2))).toEqual([[4, 1, true, false, true]]);
  });

  it('fail when one fails, each with its own state for the ledger', () => {
    const { announced, state } = follow(3, says(delivered), says(failed, 2), says(refused, 3));
    expect(announced).toEqual([[24, 2, true, false, true]]);
    expect(billedParts(state)).toEqual([{ ptt: 4, dlr: 1 }, { ptt: 24, dlr: 2 }, { ptt: 23, dlr: 16 }]);
  });

  it('all refused wait for the last: none of them is billed', () => {
    const { announced, state } = follow(2, says(refused), says(refused, 2));
    expect(announced).toEqual([[23, 16, true, false, false]]);
    expect(billedParts(state)).toEqual([{ ptt: 23, dlr: 16 }, { ptt: 23, dlr: 16 }]);
  });

  it('one that never left is not billed beside one that did', () => {
    const { state } = follow(2, says(delivered), says(expired, 2));
    expect(billedParts(state)).toEqual([{ ptt: 4, dlr: 1 }, { ptt: 8, dlr: 16 }]);
  });
});
