// Facts of kwota.credit.v1 come at least once, and whoever reads them may lose its place, join late, or get them by several ways. What is
// handed over here is each account's history, in order, each position once.
import type { CreditFact } from '@kwota/contracts/credit.v1';

/** All that ordering needs to know of a fact. */
export type SequencedFact = Readonly<{ account: string; accountSequence: number }>;

export type EventConsumerOptions<Fact extends SequencedFact> = Readonly<{
  /**
   * The sequence of the last fact of the account that was handed over, as it is stored durably; undefined where there is none: then the
   * account's history comes from its beginning.
   */
  positionOf: (account: string) => Promise<number | undefined>;
  /**
   * Takes the account's next facts, at least one and at most `readLimit`. To have each effect once, store the effects and the last fact's
   * sequence in one transaction. When it rejects, the position is asked for again, so it may also fail after it has stored.
   */
  handOver: (account: string, facts: readonly Fact[]) => Promise<void>;
  /** The ledger's `read-events`: at most `limit` facts from `fromSequence` on, in order; fewer, or none, only at the end. */
  readEvents: (account: string, fromSequence: number, limit: number) => Promise<readonly Fact[]>;
  /** Facts at once, from the ledger and to `handOver`; the ledger gives 1,000 at most. */
  readLimit?: number;
  /** Positions kept in memory; a fact of another account costs a call of `positionOf`. */
  accountsMax?: number;
}>;

/** A fact says that there are some before it, and the ledger does not give them: its answer is old, or it is not the ledger of these facts. */
export class GapNotFilled extends Error {
  override readonly name = 'GapNotFilled';

  constructor(
    readonly account: string,
    readonly missingSequence: number,
  ) {
    super(`${account}: the ledger does not give the fact ${missingSequence}, though a later one is there`);
  }
}

/** 100 bytes each, so 10 MB. */
const accountsKept = 100_000;
const readAtOnce = 500;

/**
 * Keeps no fact beyond the call that brought it: what comes too early is fetched with all before it, and known for a repeat when it comes
 * again. So memory is one batch, one page and the positions.
 */
export class EventConsumer<Fact extends SequencedFact = CreditFact> {
  private readonly positions = new Map<string, number>();
  private running: Promise<unknown> = Promise.resolve();
  private readonly readLimit: number;
  private readonly accountsMax: number;

  constructor(private readonly options: EventConsumerOptions<Fact>) {
    this.readLimit = options.readLimit ?? readAtOnce;
    this.accountsMax = options.accountsMax ?? accountsKept;
  }

  /**
   * Facts in whatever order. Resolves when all of them, and all before them, are handed over: only then may the reader's own place in the
   * topic move. Rejects with what `positionOf`, `handOver` or `readEvents` rejected with, or GapNotFilled, after the other accounts' facts
   * were handed over: give it the same facts again after a pause. Calls wait for each other.
   */
  take(facts: readonly Fact[]): Promise<void> {
    const taken = this.running.then(() => this.takeAll(facts));
    this.running = taken.catch(() => undefined);
    return taken;
  }

  /** Hands over what the ledger has of the account beyond its position: after a time without facts, or to begin with. */
  catchUp(account: string): Promise<void> {
    const caughtUp = this.running.then(() => this.keepingTrack(account, () => this.readUntil(account, Number.POSITIVE_INFINITY)));
    this.running = caughtUp.catch(() => undefined);
    return caughtUp;
  }

  private async takeAll(facts: readonly Fact[]): Promise<void> {
    const byAccount = new Map<string, Fact[]>();
    for (const fact of facts) {
      const ofAccount = byAccount.get(fact.account);
      if (ofAccount) ofAccount.push(fact);
      else byAccount.set(fact.account, [fact]);
    }
    const failures: unknown[] = [];
    for (const [account, ofAccount] of byAccount)
      await this.keepingTrack(account, () => this.takeInOrder(account, ofAccount)).catch((error: unknown) => void failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  private async takeInOrder(account: string, facts: readonly Fact[]): Promise<void> {
    const inOrder = facts.toSorted((one, other) => one.accountSequence - other.accountSequence);
    let ready: Fact[] = [];
    for (const fact of inOrder) {
      const next = (await this.position(account)) + 1 + ready.length;
      if (fact.accountSequence < next) continue;
      if (fact.accountSequence > next) {
        await this.handOver(account, ready);
        ready = [];
        await this.readUntil(account, fact.accountSequence);
        // The ledger's page may have held it already.
        if (fact.accountSequence <= (await this.position(account))) continue;
      }
      ready.push(fact);
      if (ready.length < this.readLimit) continue;
      await this.handOver(account, ready);
      ready = [];
    }
    await this.handOver(account, ready);
  }

  /** Fetches what lies before `sequence`, page by page. Infinity: all that there is. */
  private async readUntil(account: string, sequence: number): Promise<void> {
    for (;;) {
      const next = (await this.position(account)) + 1;
      if (next >= sequence) return;
      const limit = Math.min(this.readLimit, sequence - next);
      const page = await this.options.readEvents(account, next, limit);
      const wrong = page.findIndex((fact, index) => fact.account !== account || fact.accountSequence !== next + index);
      if (wrong >= 0 || (page.length === 0 && sequence < Number.POSITIVE_INFINITY)) throw new GapNotFilled(account, next + Math.max(wrong, 0));
      if (page.length === 0) return;
      await this.handOver(account, page);
    }
  }

  private async handOver(account: string, facts: readonly Fact[]): Promise<void> {
    const last = facts.at(-1);
    if (!last) return;
    await this.options.handOver(account, facts);
    this.remember(account, last.accountSequence);
  }

  /** What is remembered of an account after a failure may be wrong: it is asked for again. */
  private async keepingTrack(account: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.positions.delete(account);
      throw error;
    }
  }

  private async position(account: string): Promise<number> {
    const known = this.positions.get(account);
    if (known !== undefined) return known;
    const stored = (await this.options.positionOf(account)) ?? -1;
    this.remember(account, stored);
    return stored;
  }

  /** The one that was used longest ago goes first. */
  private remember(account: string, sequence: number): void {
    this.positions.delete(account);
    this.positions.set(account, sequence);
    if (this.positions.size <= this.accountsMax) return;
    const [oldest] = this.positions.keys();
    if (oldest !== undefined) this.positions.delete(oldest);
  }
}
