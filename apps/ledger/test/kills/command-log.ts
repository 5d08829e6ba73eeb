import { decide, decideHold, evolve, newCreditAccount, type CreditAccount, type CreditCommand } from '@kwota/credit-ledger';
import type { Cause } from '../../src/credit-accounts/ledger-writer.js';
import { Chance } from '../simulation/chance.js';

/** What a process is told first. */
export type Life = Readonly<{ path: string; takesSnapshots: boolean }>;
/** An account as a process found it: pool, quotas, held, consumed, number of open holds. */
export type Opened = Readonly<{ account: string; revision: number; sums: readonly number[] }>;
export type LoggedCommand = Readonly<{ index: number; account: string; command: CreditCommand; cause: Cause }>;
/** A refusal's code, `done`, or what a hold took and left. */
export type Outcome = string;
/** An event without what a clock decides. */
export type Expected = Readonly<{ type: string; data: string; commandId: string; offset: number }>;

const names = ['sms-kw00001-1', 'sms-kw00002-1', 'sms-kw00003-1'];
const userId = 'u-anna';
const topics = { HoldCredits: 'kwota.submissions.v1', WithdrawMessages: 'kwota.submissions.v1', SettleCharge: 'kwota.delivery.v1' } as const;
const nowMs = Date.UTC(2030, 0, 1);
const opening: readonly CreditCommand[] = [
  { type: 'OpenAccount' },
  { type: 'OpenUser', userId },
  { type: 'PurchaseCredits', reference: 'first', amountMilliCredits: 300_000 },
];

/** The commands of one seed, one after another, and what a ledger that nobody kills makes of them: it answers and writes just this. */
export class CommandLog {
  readonly commands: LoggedCommand[] = [];
  readonly outcomes: Outcome[] = [];
  /** By account, and by index the number of its events when that command is done. */
  readonly events = new Map<string, Expected[]>(names.map((account) => [account, []]));
  private readonly eventsAfter: number[] = [];
  private readonly accounts = new Map<string, CreditAccount>(names.map((account) => [account, newCreditAccount(account)]));
  private readonly held: number[] = [];

  constructor(private readonly chance: Chance) {
    for (const account of names) for (const command of opening) this.add(account, command);
  }

  /** From an index on, so many; they are made when somebody wants them. */
  slice(from: number, count: number): readonly LoggedCommand[] {
    while (this.commands.length < from + count) this.addNext();
    return this.commands.slice(from, from + count);
  }

  /** How many events its account has when the command is done. */
  eventsUpTo(index: number): number {
    return this.eventsAfter[index] as number;
  }

  private addNext(): void {
    const { chance, commands, held } = this;
    const index = commands.length;
    const dice = chance.below(100);
    const earlier = held.length === 0 ? undefined : commands[chance.pick(held)];
    if (dice < 50 || !earlier) return this.add(chance.pick(names), this.holdOf(index));
    const { account, command } = earlier;
    if (command.type !== 'HoldCredits') throw new Error('only holds are noted');
    const messageId = chance.pick(command.messages).messageId;
    const dlr = chance.pick([1, 2, 16]);
    if (dice < 78) return this.add(account, { type: 'SettleCharge', messageId, parts: [{ ptt: 4, dlr }], silent: chance.percent(20), submitted: chance.percent(80) });
    if (dice < 82) return this.add(account, { type: 'WithdrawMessages', messageIds: [messageId, index + 1e9] });
    if (dice < 86) return this.add(account, command);
    if (dice < 88) return this.add(account, { ...command, fingerprint: 'other' });
    if (dice < 94) return this.add(account, { type: 'PurchaseCredits', reference: chance.percent(80) ? `p-${index}` : 'first', amountMilliCredits: chance.percent(80) ? 20_000 : 300_000 });
    // No value twice: a command that changes nothing leaves no event to be known by.
    if (dice < 97) return this.add(account, { type: 'SetQuota', userId, active: true, leftMilliCredits: 1_000 * chance.below(400) + (index % 1_000) });
    return this.add(account, { type: 'SetThreshold', userId: chance.pick([null, userId]), levelMilliCredits: 1_000 * chance.below(50) + (index % 1_000) });
  }

  private holdOf(index: number): CreditCommand {
    const { chance } = this;
    const parts = 1 + chance.below(2);
    const messageIds = Array.from({ length: 1 + chance.below(3) }, (_, at) => index * 10 + at);
    return {
      type: 'HoldCredits',
      userId: chance.pick([null, userId]),
      messages: messageIds.map((messageId) => ({ messageId, parts, destination: '33', amountMilliCredits: 1_000 * parts })),
      rateVersion: 1,
      source: 'http2sms',
      settleByMs: nowMs + index,
      fingerprint: `content of ${index}`,
      ...(chance.percent(20) ? { clientKey: { keyDigest: `key ${chance.below(index + 1)}`, bodyDigest: `body ${chance.below(2)}` } } : {}),
    };
  }

  private add(account: string, command: CreditCommand): void {
    const index = this.commands.length;
    const commandId = `c-${index}`;
    const topic = topics[command.type as keyof typeof topics] ?? 'kwota.requests.ledger.v1';
    const state = this.accounts.get(account) as CreditAccount;
    const context = { timeMs: nowMs, commandId, source: { topic, partition: 0, offset: index } };
    const hold = command.type === 'HoldCredits' ? decideHold(command, state, context) : undefined;
    const { events, refusal } = hold ?? decide(command, state, context);
    if (hold?.held && hold.held.repeats === 'nothing') this.held.push(index);
    const expected = this.events.get(account) as Expected[];
    for (const event of events) {
      const { type, ...data } = event;
      expected.push({ type, data: JSON.stringify(data), commandId, offset: index });
      evolve(state, event, context);
    }
    this.commands.push({ index, account, command, cause: { commandId, correlationId: commandId, source: context.source } });
    this.outcomes.push(refusal?.code ?? (hold?.held ? `took ${hold.held.takenMilliCredits}, left ${hold.held.leftMilliCredits}` : 'done'));
    this.eventsAfter.push(expected.length);
  }
}
