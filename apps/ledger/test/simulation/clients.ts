// Those who ask: submissions, withdrawals, finals and requests, some of them twice, some with old ids, some with old ids and other content.
import { delivery } from '@kwota/contracts/delivery.v1';
import { adjustCredits, closeUser, openAccount, openUser, purchaseCredits, setQuota, setThreshold, transferCredits } from '@kwota/contracts/ledger.requests.v1';
import { submissions } from '@kwota/contracts/submissions.v1';
import type { OutgoingMessage } from '@kwota/messaging';
import type { Chance } from './chance.js';

export const accounts = ['sms-kw00001-1', 'sms-kw00002-1', 'sms-kw00003-1'] as const;
export const users = ['u-anna', 'u-bert'] as const;
const texts = ['Your parcel is at the door.', 'Your parcel is on its way.'];

export class Clients {
  private readonly asked: OutgoingMessage[] = [];
  private readonly messageIds = new Map<string, number[]>(accounts.map((account) => [account, []]));
  private lastId = 0;
  private commands = 0;
  private readonly accounts: readonly string[];

  constructor(
    private readonly chance: Chance,
    private readonly wallMs: () => number,
    private readonly publish: (message: OutgoingMessage) => void,
  ) {
    this.accounts = accounts.slice(0, 1 + chance.below(accounts.length));
  }

  /** So that most of what follows is not refused. */
  open(): void {
    for (const account of this.accounts) {
      this.ask(openAccount.message({ account }, this.metadata()));
      for (const userId of users) this.ask(openUser.message({ account, userId }, this.metadata()));
      this.ask(purchaseCredits.message({ account, reference: 'first', amountMilliCredits: 1_000 * (5 + this.chance.below(20)) }, this.metadata()));
    }
  }

  next(): void {
    const { chance } = this;
    const repeated = chance.percent(12) && chance.pick(this.asked);
    if (repeated) return this.ask(repeated);
    const account = chance.pick(this.accounts);
    const userId = chance.pick(users);
    const amountMilliCredits = 500 * (1 + chance.below(12));
    const ask = chance.pick([
      () => this.send(account),
      () => this.send(account),
      () => this.send(account),
      () => this.withdraw(account),
      () => this.settle(account),
      () => this.settle(account),
      () => this.settle(account),
      () => this.ask(purchaseCredits.message({ account, reference: this.reference(), amountMilliCredits }, this.metadata())),
      () => this.ask(adjustCredits.message({ account, reference: this.reference(), amountMilliCredits: amountMilliCredits - 3_000, reasonCode: 'goodwill', by: 'op-1' }, this.metadata())),
      () => this.ask(setQuota.message({ account, userId, active: chance.percent(75), leftMilliCredits: amountMilliCredits - 500 }, this.metadata())),
      () => this.renewQuota(account, userId),
      () => this.ask(setThreshold.message({ account, userId: chance.pick([...users, null]), levelMilliCredits: chance.percent(80) ? amountMilliCredits : null }, this.metadata())),
      () => this.ask(transferCredits.message({ account, toAccount: chance.pick([...this.accounts, 'sms-nobody-1']), transferId: this.reference(), amountMilliCredits }, this.metadata())),
      () => this.ask(chance.percent(20) ? closeUser.message({ account, userId }, this.metadata()) : openUser.message({ account, userId }, this.metadata())),
    ]);
    ask();
  }

  sendOnce(): void {
    for (const account of this.accounts) this.send(account, true);
  }

  /** A grant ends while messages that it paid for are still under way. */
  private renewQuota(account: string, userId: string): void {
    const quota = { account, userId, active: true, leftMilliCredits: 3_000 };
    this.ask(setQuota.message(quota, this.metadata()));
    this.send(account, true, userId);
    for (const active of [false, true]) this.ask(setQuota.message({ ...quota, active }, this.metadata()));
    for (let finals = 2; finals > 0; finals -= 1) this.settle(account);
  }

  private send(account: string, isNew = false, userId: string | null = this.chance.pick([...users, null])): void {
    const { chance } = this;
    const messageIds = Array.from({ length: 1 + chance.below(3) }, () => this.newId(account));
    if (!isNew && chance.percent(8)) messageIds[0] = this.anyId(account);
    const text = chance.pick(texts);
    const key = !isNew && chance.percent(30) ? { clientKey: `k-${chance.below(4)}`, bodyDigest: `d-${chance.below(2)}` } : {};
    const submission = {
      kind: 'send' as const,
      account,
      userId,
      messageIds,
      receivers: messageIds.map((id) => `+336${String(id).padStart(8, '0')}`),
      sender: 'KWOTA',
      text,
      coding: '7bit' as const,
      parts: 1 + chance.below(3),
      noStop: true,
      source: chance.pick(['http2sms', 'rest', 'alert'] as const),
      submittedAtMs: this.wallMs(),
      deadlineMs: this.wallMs() + 1_000 * (1 + chance.below(60)),
      ...key,
    };
    this.ask(submissions.message(submission, this.metadata()));
    if (!isNew && chance.percent(10)) this.publish(submissions.message({ kind: 'withdraw', account, userId, messageIds }, this.metadata()));
  }

  private withdraw(account: string): void {
    this.publish(submissions.message({ kind: 'withdraw', account, userId: null, messageIds: [this.anyId(account), this.anyId(account)] }, this.metadata()));
  }

  private settle(account: string): void {
    const { chance } = this;
    const silent = chance.percent(35);
    const parts = Array.from({ length: 1 + chance.below(3) }, () => ({ ptt: 4, dlr: chance.pick([1, 1, 2, 16] as const) }));
    const change = { type: 'MessageStateChanged', account, userId: null, messageId: this.anyId(account), sequence: 2, ptt: 4, dlr: 1, final: true } as const;
    this.publish(delivery.message({ ...change, silent, submitted: chance.percent(60), parts, atMs: this.wallMs() }, this.metadata()));
  }

  /** Under an id of its own for whoever waits: the same command asked again has another. */
  private ask(message: OutgoingMessage): void {
    this.asked.push(message);
    this.publish({ ...message, headers: { ...message.headers, 'reply-to': 'client', 'correlation-id': `${this.asked.length}` } });
  }

  private metadata() {
    return { id: `c-${(this.commands += 1)}`, source: 'kwota/simulation' };
  }

  private reference(): string {
    return `r-${this.chance.below(12)}`;
  }

  private newId(account: string): number {
    this.lastId += 1;
    this.messageIds.get(account)?.push(this.lastId);
    return this.lastId;
  }

  private anyId(account: string): number {
    const known = this.messageIds.get(account) ?? [];
    return known.length === 0 || this.chance.percent(3) ? 1_000_000 + this.chance.below(10) : this.chance.pick(known);
  }
}
