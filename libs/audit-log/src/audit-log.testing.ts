import { decide, evolve, newCreditAccount, type CreditAccount, type CreditCommand, type CreditEvent } from '@kwota/credit-ledger';
import type { StoredEvent } from '@kwota/event-store';
import { encodeEvent, streamOfAccount } from './event-envelope.js';
import { genesisHash, hashOf } from './hash-chain.js';

const noonMs = Date.UTC(2030, 0, 1, 12);
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

type Known = { state: CreditAccount; hash: Uint8Array; revision: number };

/** Events as a ledger writes them, a minute apart, of as many accounts as are named. */
export class WrittenHistory {
  readonly stored: StoredEvent[] = [];
  private readonly accounts = new Map<string, Known>();
  private commands = 0;
  private timeMs = noonMs;

  /** What the command leads to, by the ledger's own rules. */
  when(account: string, command: CreditCommand): this {
    const commandId = `c-${(this.commands += 1)}`;
    const known = this.known(account);
    this.timeMs += minuteMs;
    for (const event of decide(command, known.state, { timeMs: this.timeMs, commandId }).events) {
      evolve(known.state, event, { timeMs: this.timeMs, commandId });
      this.append(known, account, event, commandId);
    }
    return this;
  }

  /** An event that nobody decided: chained, whatever it says. */
  write(account: string, event: CreditEvent): this {
    this.timeMs += minuteMs;
    this.append(this.known(account), account, event, `w-${(this.commands += 1)}`);
    return this;
  }

  async *readAll(): AsyncGenerator<StoredEvent> {
    yield* this.stored;
  }

  /** The first event of this kind, and of this account. */
  find(type: CreditEvent['type'], account?: string): StoredEvent {
    const found = this.stored.find((event) => event.type === type && (account === undefined || event.stream === streamOfAccount(account)));
    if (!found) throw new Error(`this history has no ${type}`);
    return found;
  }

  private known(account: string): Known {
    let known = this.accounts.get(account);
    if (!known) this.accounts.set(account, (known = { state: newCreditAccount(account), hash: genesisHash, revision: -1 }));
    return known;
  }

  private append(known: Known, account: string, { type, ...data }: CreditEvent, commandId: string): void {
    known.revision += 1;
    const time = new Date(this.timeMs).toISOString();
    const bytes = encodeEvent({ v: 1, account, revision: known.revision, time, type, data, commandId, correlationId: commandId, source: null });
    known.hash = hashOf(known.hash, bytes);
    const stream = streamOfAccount(account);
    this.stored.push({
      stream,
      revision: known.revision,
      position: this.stored.length + 1,
      id: `${account}/${known.revision}`,
      type,
      data: bytes,
      hash: known.hash,
    });
  }
}

export const shop = 'sms-shop-1';
export const bank = 'sms-bank-1';
export const anna = 'u-anna';

const sends = (messageId: number, more: { parts?: number; userId?: string | null } = {}): CreditCommand => {
  const { parts = 1, userId = anna } = more;
  return {
    type: 'HoldCredits',
    userId,
    messages: [{ messageId, parts, destination: '33', amountMilliCredits: 950 * parts }],
    rateVersion: 2,
    source: 'http2sms',
    settleByMs: noonMs + 10 * dayMs,
    fingerprint: `content of ${messageId}`,
  };
};
const ends = (messageId: number, dlrs: readonly number[], silent = false): CreditCommand => ({
  type: 'SettleCharge',
  messageId,
  parts: dlrs.map((dlr) => ({ dlr, ptt: dlr === 1 ? 4 : 5 })),
  silent,
  submitted: true,
});

/**
 * Two accounts with nearly everything that can happen to credit. Message 1 is delivered, 2 not billed, 3 of three parts billed for two, 4 silent and
 * then undelivered (refunded), 5 withdrawn, 6 still open, 7 refused; the shop sends the bank 10 credits and lifts its user's quota.
 */
export const aShopAndABank = (): WrittenHistory => {
  const history = new WrittenHistory();
  for (const account of [shop, bank]) {
    history.when(account, { type: 'OpenAccount' }).when(account, { type: 'OpenUser', userId: anna });
    history.when(account, { type: 'PurchaseCredits', reference: 'order-1', amountMilliCredits: 100_000 });
  }
  history.when(shop, { type: 'SetQuota', userId: anna, active: true, leftMilliCredits: 20_000 });
  history.when(shop, { type: 'SetThreshold', userId: anna, levelMilliCredits: 15_000 });
  for (const messageId of [1, 2]) history.when(shop, sends(messageId));
  history.when(shop, sends(3, { parts: 3 })).when(bank, sends(101, { userId: null }));
  history
    .when(shop, ends(1, [1]))
    .when(shop, ends(2, [16]))
    .when(shop, ends(3, [1, 1, 16]));
  history
    .when(shop, sends(4))
    .when(shop, ends(4, [1], true))
    .when(shop, ends(4, [16]));
  history
    .when(shop, sends(5))
    .when(shop, { type: 'WithdrawMessages', messageIds: [5, 99] })
    .when(shop, sends(6));
  history.when(shop, sends(7, { parts: 500 })).when(bank, ends(101, [1]));
  history.when(shop, { type: 'TransferCredits', transferId: 't-1', toAccount: bank, amountMilliCredits: 10_000 });
  history.when(bank, { type: 'ReceiveTransfer', transferId: 't-1', fromAccount: shop, amountMilliCredits: 10_000 });
  history.when(shop, { type: 'AdjustCredits', reference: 'goodwill-1', reasonCode: 'goodwill', by: 'operator', amountMilliCredits: -1_500 });
  history.when(shop, { type: 'SetQuota', userId: anna, active: true, leftMilliCredits: 30_000 });
  return history;
};

/** Any history: the same for the same seed. */
export const anyHistory = (seed: number, steps: number): WrittenHistory => {
  const history = new WrittenHistory();
  const accounts = ['sms-a-1', 'sms-b-1', 'sms-c-1'];
  let state = seed >>> 0;
  // Numerical Recipes' generator: chance enough for a history.
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  for (const account of accounts) {
    history.when(account, { type: 'OpenAccount' }).when(account, { type: 'OpenUser', userId: anna });
    history.when(account, { type: 'PurchaseCredits', reference: 'first', amountMilliCredits: 50_000 });
  }
  const kinds: ((account: string, step: number) => CreditCommand)[] = [
    (_, step) => sends(step, { parts: 1 + below(3), userId: below(4) === 0 ? null : anna }),
    (_, step) => sends(step, { parts: 1 + below(6) }),
    (_, step) =>
      ends(
        Math.max(1, step - 1 - below(20)),
        Array.from({ length: 3 }, () => (below(3) === 0 ? 16 : 1)),
        below(4) === 0,
      ),
    (_, step) => ends(Math.max(1, step - 1 - below(20)), [1]),
    (_, step) => ({ type: 'WithdrawMessages', messageIds: [Math.max(1, step - below(15)), 100_000 + step] }),
    () => ({ type: 'SetQuota', userId: anna, active: below(5) > 0, leftMilliCredits: below(30_000) }),
    (_, step) => ({ type: 'PurchaseCredits', reference: `order-${step}`, amountMilliCredits: 1 + below(9_999) }),
    (_, step) => ({ type: 'AdjustCredits', reference: `fix-${step}`, reasonCode: 'fix', by: 'operator', amountMilliCredits: below(2_000) - 1_000 || 1 }),
    () => ({ type: 'SetThreshold', userId: below(2) === 0 ? anna : null, levelMilliCredits: below(40_000) }),
  ];
  for (let step = 1; step <= steps; step += 1) {
    const account = accounts[below(accounts.length)] as string;
    if (below(25) === 0) {
      const other = accounts.find((name) => name !== account) as string;
      history.when(account, { type: 'TransferCredits', transferId: `t-${step}`, toAccount: other, amountMilliCredits: 1 + below(3_000) });
      if (history.stored.at(-1)?.type !== 'CreditsTransferredOut') continue;
      const amountMilliCredits = (JSON.parse(Buffer.from(history.stored.at(-1)!.data).toString()) as { data: { amountMilliCredits: number } }).data
        .amountMilliCredits;
      if (below(3) === 0) history.when(account, { type: 'ReturnTransfer', transferId: `t-${step}` });
      else history.when(other, { type: 'ReceiveTransfer', transferId: `t-${step}`, fromAccount: account, amountMilliCredits });
    } else history.when(account, (kinds[below(kinds.length)] as (typeof kinds)[number])(account, step));
  }
  return history;
};
