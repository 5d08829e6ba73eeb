import { assertInvariantInFull, newCreditAccount, type CreditAccount } from './credit-account.js';
import type { CreditCommand, HoldCredits, SettleCharge } from './credit-commands.js';
import type { CreditEvent, EventContext } from './credit-events.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';

/** Fixed, named data: one account, two users, a moment. */
export const anAccount = 'sms-kw00001-1';
export const anna = 'u-anna';
export const bert = 'u-bert';
export const noonMs = Date.UTC(2030, 0, 1, 12);
const dayMs = 24 * 60 * 60 * 1_000;

export const opened: CreditEvent = { type: 'AccountOpened' };
export const annaOpened: CreditEvent = { type: 'UserOpened', userId: anna };
export const bertOpened: CreditEvent = { type: 'UserOpened', userId: bert };
export const bought = (credits: number, reference = `p-${credits}`): CreditEvent => ({
  type: 'CreditsPurchased',
  reference,
  amountMilliCredits: credits * 1_000,
});
export const quotaGiven = (credits: number, userId = anna, grantId = 'g1'): CreditEvent => ({
  type: 'QuotaAllocated',
  userId,
  grantId,
  amountMilliCredits: credits * 1_000,
});

/** One credit a part, one message an id. */
export const sends = (messageIds: readonly number[], more: Partial<HoldCredits> & { parts?: number } = {}): HoldCredits => {
  const { parts = 1, ...rest } = more;
  return {
    type: 'HoldCredits',
    userId: anna,
    messages: messageIds.map((messageId) => ({ messageId, parts, destination: '', amountMilliCredits: 1_000 * parts })),
    rateVersion: 1,
    source: 'http2sms',
    settleByMs: noonMs + 10 * dayMs,
    fingerprint: `content of ${messageIds.join()}`,
    ...rest,
  };
};

export const ends = (messageId: number, dlrs: readonly number[], more: Partial<SettleCharge> = {}): SettleCharge => ({
  type: 'SettleCharge',
  messageId,
  parts: dlrs.map((dlr) => ({ dlr, ptt: dlr === 1 ? 4 : 5 })),
  silent: false,
  submitted: true,
  ...more,
});

/** What a command led to, and the account after it. */
export type Step = Readonly<{ events: readonly CreditEvent[]; refusal: string | undefined; account: CreditAccount }>;

/** An account that commands are put to one after another; every event is folded and the invariant is checked in full after each. */
export class LedgerUnderTest {
  readonly account: CreditAccount = newCreditAccount(anAccount);
  readonly recorded: (readonly [CreditEvent, EventContext])[] = [];
  private commands = 0;

  constructor(private timeMs = noonMs) {}

  get history(): readonly CreditEvent[] {
    return this.recorded.map(([event]) => event);
  }

  given(...events: readonly CreditEvent[]): this {
    for (const event of events) this.fold(event, `given-${this.recorded.length}`);
    return this;
  }

  after(ms: number): this {
    this.timeMs += ms;
    return this;
  }

  when(command: CreditCommand, commandId = `c-${(this.commands += 1)}`): Step {
    const { events, refusal } = decide(command, this.account, { timeMs: this.timeMs, commandId });
    for (const event of events) this.fold(event, commandId);
    return { events, refusal: refusal?.code, account: this.account };
  }

  private fold(event: CreditEvent, commandId: string): void {
    const context = { timeMs: this.timeMs, commandId };
    evolve(this.account, event, context);
    assertInvariantInFull(this.account);
    this.recorded.push([event, context]);
  }
}

export const given = (...events: readonly CreditEvent[]): LedgerUnderTest => new LedgerUnderTest().given(...events);
