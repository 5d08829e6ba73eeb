import { chargeOf } from '@kwota/credit-ledger';
import { decodeEvent } from '@kwota/audit-log';
import type { EventReader } from '@kwota/event-store';
import { applyTo, accountOf, emptyAccount, type AccountInMemory } from '../../src/credit-accounts/fold-account.js';
import type { Chance } from '../simulation/chance.js';
import { CommandLog, type LoggedCommand, type Opened, type Outcome } from './command-log.js';

/** More than the answers that can be lost at once: some come again that were answered. */
const comesAgainMax = 40;

/** One store through all its processes, and what was heard of them: kept out of their reach. */
export class WitnessedLedger {
  answered = 0;
  private readonly log: CommandLog;
  /** All before it were answered. */
  private firstUnanswered = 0;
  private readonly heard = new Set<number>();
  private readonly accounts = new Map<string, AccountInMemory>();
  /** By account, what the last process found. */
  private readonly opened = new Map<string, Opened>();
  private position = 0;

  constructor(private readonly chance: Chance) {
    this.log = new CommandLog(chance);
  }

  /** Where the log goes on: at or before the first command that was not answered. */
  get resumesAt(): number {
    return Math.max(0, this.firstUnanswered - this.chance.below(comesAgainMax));
  }

  commandsFrom(index: number, count: number): readonly LoggedCommand[] {
    return this.log.slice(index, count);
  }

  /** @throws Error for an outcome that is not the first one of that command. */
  hear(outcomes: readonly (readonly [number, Outcome])[]): void {
    for (const [index, outcome] of outcomes) {
      if (outcome !== this.log.outcomes[index]) throw new Error(`command ${index} was answered "${outcome}" and not "${this.log.outcomes[index]}"`);
      this.heard.add(index);
      this.answered += 1;
    }
    while (this.heard.delete(this.firstUnanswered)) this.firstUnanswered += 1;
  }

  /** What a process found when it opened the store must be what lies in it up to there; the next check compares. */
  hearOpened(opened: readonly Opened[]): void {
    for (const each of opened) this.opened.set(each.account, each);
    for (const account of this.accounts.keys()) if (!this.opened.has(account)) throw new Error(`${account} was not read`);
  }

  /** Reads on where it stopped last, by hash chain and invariant: just what an unkilled ledger writes, and all that was answered. */
  async check(reader: Pick<EventReader, 'readAll'>): Promise<void> {
    for (const known of this.accounts.values()) this.compare(known);
    for await (const stored of reader.readAll(this.position + 1)) {
      if (stored.position !== this.position + 1) throw new Error(`position ${this.position + 1} is missing`);
      this.position = stored.position;
      const account = accountOf(stored.stream);
      let known = this.accounts.get(account);
      if (!known) this.accounts.set(account, (known = emptyAccount(account)));
      const { type, data, commandId, source, revision } = decodeEvent(stored.data);
      const expected = this.log.events.get(account)?.[revision];
      if (expected?.type !== type || expected.data !== JSON.stringify(data) || expected.commandId !== commandId || expected.offset !== source?.offset)
        throw new Error(`${account}/${revision} is ${type} of ${commandId}, not ${expected?.type} of ${expected?.commandId}`);
      if (type === 'CreditsHeld' && chargeOf(known.state, (data as { messageId: number }).messageId)) throw new Error(`${account}/${revision} holds a message twice`);
      applyTo(known, stored);
      this.compare(known);
    }
    if (this.opened.size > 0) throw new Error(`of ${[...this.opened.keys()].join()} more was read than is there`);
    this.checkNothingIsLost();
  }

  /** A commit that the kill left between the file and its index is seen by whoever opens it as the first, which may be the next process. */
  private compare({ account, state }: AccountInMemory): void {
    const opened = this.opened.get(account);
    if (opened?.revision !== state.revision) return;
    this.opened.delete(account);
    const sums = [state.poolMilliCredits, state.quotasMilliCredits, state.heldMilliCredits, state.consumedMilliCredits, state.openCharges.size];
    if (opened.sums.join() !== sums.join()) throw new Error(`${account}/${opened.revision} was read as ${opened.sums.join()} and is ${sums.join()}`);
  }

  private checkNothingIsLost(): void {
    for (const index of [...this.heard, ...lastOfEach(this.log.commands.slice(0, this.firstUnanswered))]) {
      const { account } = this.log.commands[index] as LoggedCommand;
      const stored = (this.accounts.get(account)?.state.revision ?? -1) + 1;
      if (stored < this.log.eventsUpTo(index)) throw new Error(`command ${index} was answered and is lost: ${account} has ${stored} events of ${this.log.eventsUpTo(index)}`);
    }
  }
}

/** The index of each account's last command. */
const lastOfEach = (commands: readonly LoggedCommand[]): Iterable<number> => new Map(commands.map(({ account, index }) => [account, index])).values();
