// What comes again: by position in the log, by message id, by client key, by command id; and what is too old to be known.
import { clientKeyValidMs, commandsKeptMin, isApplied, newCreditAccount, settledKeptMin, silentKeptMin, type CreditAccount } from './credit-account.js';
import type { CreditCommand } from './credit-commands.js';
import { anAccount, anna, annaOpened, bought, ends, noonMs, opened, sends } from './credit-ledger.testing.js';
import type { CreditEvent, EventContext, SourcePosition } from './credit-events.js';
import { decide } from './decide.js';
import { decideHold } from './decide-hold.js';
import { evolve, replay } from './evolve.js';
import { blocksKeptMax, ForgottenIds } from './forgotten-ids.js';
import { accountFrom, snapshotOf } from './snapshot.js';

/** An account that keeps its events, without looking through all of it after each. */
class LongLedger {
  account: CreditAccount = newCreditAccount(anAccount);
  readonly recorded: (readonly [CreditEvent, EventContext])[] = [];
  private offset = 0;

  constructor() {
    for (const event of [opened, annaOpened, bought(900_000_000)]) this.fold(event, { timeMs: noonMs, commandId: 'given' });
  }

  when(command: CreditCommand, commandId = `c-${this.recorded.length}`, source: SourcePosition = this.nextSource()) {
    const context = { timeMs: noonMs, commandId, source };
    const decision = decide(withPosition(command, this.account, source), this.account, { ...context, alreadyApplied: isApplied(this.account, source) });
    for (const event of decision.events) this.fold(event, context);
    return { events: decision.events.length, refusal: decision.refusal?.code };
  }

  /** Holds and settles so many messages, from an id on. */
  sendAndEnd(firstId: number, count: number, silent = false): void {
    for (let id = firstId; id < firstId + count; id += 1) {
      this.when(sends([id]));
      this.when(ends(id, [1], { silent }));
    }
  }

  /** As each of those who know the account by its events knows it. */
  copies(): readonly CreditAccount[] {
    const snapshot = () => accountFrom(anAccount, JSON.parse(JSON.stringify(snapshotOf(this.account))));
    return [this.account, replay(anAccount, this.recorded), snapshot()];
  }

  private nextSource(): SourcePosition {
    return { topic: 'kwota.submissions.v1', partition: 0, offset: (this.offset += 1) };
  }

  private fold(event: CreditEvent, context: EventContext): void {
    evolve(this.account, event, context);
    this.recorded.push([event, context]);
  }
}

const withPosition = (command: CreditCommand, account: CreditAccount, source: SourcePosition): CreditCommand =>
  command.type === 'HoldCredits' ? { ...command, alreadyApplied: isApplied(account, source) } : command;
const refusalOf = (account: CreditAccount, command: ReturnType<typeof sends>) => decideHold(command, account, { timeMs: noonMs, commandId: 'again' }).refusal?.code;

describe('what the log gives again is known by its position, with no window', () => {
  const ledger = new LongLedger();
  const source = (offset: number) => ({ topic: 'kwota.submissions.v1', partition: 0, offset });
  ledger.when(sends([1]));
  ledger.when(ends(1, [1]));
  ledger.when(ends(2_000_000, [1]));
  ledger.when({ type: 'WithdrawMessages', messageIds: [3_000_000] });
  ledger.sendAndEnd(10, 2 * settledKeptMin + 10);
  for (let id = 0; id < 2 * settledKeptMin; id += 1) ledger.when({ type: 'WithdrawMessages', messageIds: [4_000_000 + id] });

  it.each<[string, CreditCommand, number, string | undefined]>([
    ['a submission whose outcome is forgotten', sends([1]), 1, 'too-old'],
    ['a receipt for it', ends(1, [1]), 2, 'message-unknown'],
    ['a receipt for what was never held', ends(2_000_000, [1]), 3, 'message-unknown'],
    ['a withdrawal of what was never seen, and is forgotten', { type: 'WithdrawMessages', messageIds: [3_000_000] }, 4, undefined],
  ])('%s leaves no event', (_, command, offset, refusal) => {
    expect(isApplied(ledger.account, source(offset))).toBe(true);
    expect(ledger.when(command, 'again', source(offset))).toEqual({ events: 0, refusal });
  });
});

describe('a message id', () => {
  const ledger = new LongLedger();
  // Of a process that has had its block for long, and of one that leased the next.
  const slow = (id: number) => 1 + id;
  const fast = (id: number) => 65_537 + id;
  ledger.when(sends([slow(0)]));
  ledger.when(ends(slow(0), [1]));
  ledger.sendAndEnd(fast(0), 2 * settledKeptMin + 100);
  const copies = ledger.copies();

  it('that the account still knows gets its first outcome, and with another content a conflict', () => {
    const known = fast(2 * settledKeptMin);
    for (const account of copies) {
      expect(decideHold(sends([known]), account, { timeMs: noonMs, commandId: 'again' }).held).toMatchObject({ messageIds: [known], repeats: 'submission' });
      expect(refusalOf(account, sends([known], { fingerprint: 'other' }))).toBe('conflict');
    }
  });

  it('that it has forgotten is refused as too old, never run, whoever folded the account', () => {
    for (const account of copies) {
      for (const id of [fast(0), fast(50)]) {
        expect(refusalOf(account, sends([id]))).toBe('too-old');
        // Its other messages may still be known.
        expect(refusalOf(account, sends([id, fast(2 * settledKeptMin)]))).toBe('too-old');
      }
      expect(refusalOf(account, sends([slow(0)]))).toBe('too-old');
    }
  });

  it('that is lower than forgotten ones of another block may be a new one', () => {
    for (const account of copies) expect(refusalOf(account, sends([slow(1)]))).toBeUndefined();
  });

  it('of a message without a receipt is known for longer', () => {
    const silent = new LongLedger();
    silent.sendAndEnd(1, silentKeptMin, true);
    expect(refusalOf(silent.account, sends([1], { fingerprint: 'other' }))).toBe('conflict');
  });

  it('refused as too old stays so', () => {
    const [account] = copies;
    const late = sends([fast(3)]);
    expect(ledger.when(late)).toEqual({ events: 1, refusal: 'too-old' });
    expect(ledger.when(late)).toEqual({ events: 0, refusal: 'too-old' });
    expect(account?.heldMilliCredits).toBe(0);
  });
});

describe('a command id', () => {
  it('gets its first outcome, with another content a conflict, also from a snapshot; the newest are known', () => {
    const ledger = new LongLedger();
    const quota = (leftMilliCredits: number): CreditCommand => ({ type: 'SetQuota', userId: anna, active: true, leftMilliCredits });
    for (let index = 0; index < commandsKeptMin; index += 1) ledger.when(quota(index), `q-${index}`);
    for (const account of ledger.copies()) {
      const again = (command: CreditCommand) => decide(command, account, { timeMs: noonMs, commandId: 'q-0' });
      expect(again(quota(0))).toEqual({ events: [] });
      expect(again(quota(77)).refusal?.code).toBe('conflict');
    }
  });
});

it('client keys are forgotten by the time in the log, the same by whoever folds it', () => {
  const key = (id: number) => ({ keyDigest: `key ${id}`, bodyDigest: 'body' });
  const account = newCreditAccount(anAccount);
  const recorded: (readonly [CreditEvent, EventContext])[] = [];
  const fold = (event: CreditEvent, timeMs: number): void => {
    evolve(account, event, { timeMs, commandId: 'c' });
    recorded.push([event, { timeMs, commandId: 'c' }]);
  };
  for (const event of [opened, annaOpened, bought(1_000)]) fold(event, noonMs);
  // One an hour for three days.
  for (let hour = 0; hour < 72; hour += 1) {
    const timeMs = noonMs + hour * 3_600_000;
    for (const event of decideHold(sends([hour + 1], { clientKey: key(hour) }), account, { timeMs, commandId: 'c' }).events) fold(event, timeMs);
  }
  const nowMs = noonMs + 72 * 3_600_000;
  for (const each of [account, replay(anAccount, recorded), accountFrom(anAccount, JSON.parse(JSON.stringify(snapshotOf(account))))]) {
    const repeats = (hour: number) => decideHold(sends([1_000], { clientKey: key(hour) }), each, { timeMs: nowMs, commandId: 'again' }).held?.repeats;
    expect(repeats(71)).toBe('client-key');
    expect(repeats(72 - clientKeyValidMs / 3_600_000 + 1)).toBe('client-key');
    expect(repeats(72 - clientKeyValidMs / 3_600_000)).toBe('nothing');
    // Two days' worth at most lie in memory.
    expect(each.clientKeys.generations().reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(48);
  }
});

describe('forgotten ids', () => {
  it('are the highest of each block and all below it in the block', () => {
    const forgotten = new ForgottenIds();
    forgotten.forget([65_536, 65_540, 65_538, 200_000]);
    const isForgotten = (ids: number[]) => ids.map((id) => forgotten.has(id));
    expect(isForgotten([1, 65_536, 65_537, 65_540, 65_541])).toEqual([true, true, true, true, false]);
    expect(isForgotten([131_072, 131_073, 196_608, 196_609, 200_001])).toEqual([false, false, false, true, false]);
  });

  it('take no more memory than that of so many blocks: of those far below nothing is taken', () => {
    const forgotten = new ForgottenIds();
    for (let block = 0; block <= blocksKeptMax; block += 1) forgotten.forget([block * 65_536 + 10]);
    expect(forgotten.rows).toHaveLength(blocksKeptMax / 2 + 1);
    expect(forgotten.has(11)).toBe(true);
    expect(forgotten.has(blocksKeptMax * 65_536 + 11)).toBe(false);
    const again = new ForgottenIds();
    again.restore(forgotten.rows);
    expect(again).toEqual(forgotten);
  });
});
