import { encodeEvent, hashOf, type EventEnvelope } from '@kwota/audit-log';
import { decide, decideHold, evolve, isApplied, type CreditAccount, type CreditCommand, type CreditEvent, type Decision, type EventContext, type HoldCredits, type HoldDecision } from '@kwota/credit-ledger';
import { EventStore, type EventToAppend } from '@kwota/event-store';
import { TransientFailure } from '@kwota/messaging/failures';
import { CreditAccountsRepository } from './credit-accounts.repository.js';
import { streamOf, type AccountInMemory } from './fold-account.js';
import { LedgerClock } from './ledger-clock.js';

/** Who asked, and from where in the log. What is decided on it is not written before it is `durable` itself: another command may have its place after a power cut. */
export type Cause = Readonly<{ commandId: string; correlationId: string; source: EventEnvelope['source']; durable?: Promise<void> | undefined }>;

export type AppendedEvent = Readonly<{ account: string; revision: number; time: string; event: CreditEvent }>;

/** Takes what is durable; the relay to kwota.credit.v1. `waiting`: events that it could not pass on yet. */
export type FactsTaker = { publish(events: readonly AppendedEvent[]): void; readonly waiting: number };

/** Decided while an append runs: six commits' worth, 20 MB. What comes beyond is told to come again, before anything of it is decided. */
export const gatheredEventsMax = 50_000;
/** Appended, and not out yet: 200 MB, or 40 seconds at 10,000 events a second. The topic catches up before more is taken. */
export const factsWaitingMax = 400_000;

type Cycle = {
  streams: Map<string, { expectedRevision: number; events: EventToAppend[] }>;
  facts: AppendedEvent[];
  /** Of the commands that it rests on. */
  causes: Set<Promise<void>>;
  appended: Promise<void>;
  settle: { resolve: () => void; reject: (error: Error) => void };
};

/**
 * Adaptive group commit: decisions change the state in memory at once and wait for one append together; while it runs the next ones
 * gather. No timer, no second writer in this process. What is decided is shown to nobody before `flushed` resolves.
 */
export class LedgerWriter {
  private gathering: Cycle | undefined;
  private appending: Cycle | undefined;
  /** Since the start, by this writer. */
  appendedEvents = 0;
  private lastTime = { ms: NaN, iso: '' };
  private lastFailure: string | undefined;
  private broken: string | undefined;
  private tellVoid: (accounts: readonly string[]) => void = () => undefined;

  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly store: EventStore,
    private readonly facts: FactsTaker,
    private readonly clock: LedgerClock,
  ) {}

  /** Why nothing can be decided or made durable just now. */
  get troubles(): readonly string[] {
    return [this.broken, this.lastFailure, this.full].filter((trouble) => trouble !== undefined);
  }

  /** `listener` hears of the accounts on which an append failed: what it wrote, or whether, only a look at the store tells. */
  onVoid(listener: (accounts: readonly string[]) => void): void {
    this.tellVoid = listener;
  }

  /** The account must be loaded. @throws TransientFailure when the clock cannot be trusted or a queue is full: nothing is decided. */
  decide(account: string, command: CreditCommand, cause: Cause): Decision {
    const { state } = this.accounts.get(account);
    const timeMs = this.timeMs(state);
    const decision = decide(command, state, { timeMs, commandId: cause.commandId, alreadyApplied: isApplied(state, cause.source ?? undefined) });
    if (decision.events.length > 0) this.stage(account, decision.events, timeMs, cause);
    return decision;
  }

  /** As `decide`, with what a submission's answer needs. */
  hold(account: string, command: HoldCredits, cause: Cause): HoldDecision {
    const { state } = this.accounts.get(account);
    const timeMs = this.timeMs(state);
    const decision = decideHold(command, state, { timeMs, commandId: cause.commandId });
    if (decision.events.length > 0) this.stage(account, decision.events, timeMs, cause);
    return decision;
  }

  /** What the command would do, without doing it. */
  weigh(account: string, command: CreditCommand): Decision {
    const { state } = this.accounts.get(account);
    // No command id of the log is empty, so nothing is taken for a repeat.
    return decide(command, state, { timeMs: this.timeMs(state), commandId: '' });
  }

  /** Resolves when all that is decided so far is durable. @throws TransientFailure when it never will be: the state is dropped, the command comes again. */
  flushed(): Promise<void> {
    return (this.gathering ?? this.appending)?.appended ?? Promise.resolve();
  }

  /** Resolves when no append is under way or about to be, however it ended. */
  async settled(): Promise<void> {
    for (let cycle; (cycle = this.gathering ?? this.appending); ) await cycle.appended.catch(() => undefined);
  }

  private get full(): string | undefined {
    if ((this.gathering?.facts.length ?? 0) >= gatheredEventsMax) return 'too many events wait for the event store';
    return this.facts.waiting >= factsWaitingMax ? 'too many events wait to be published' : undefined;
  }

  /** Never back within a stream (DESIGN §3). */
  private timeMs(state: CreditAccount): number {
    const reason = this.broken ?? this.full;
    if (reason) throw new TransientFailure('ledger', reason);
    return Math.max(this.clock.nowMs(), state.timeMs);
  }

  private stage(account: string, events: readonly CreditEvent[], timeMs: number, { commandId, correlationId, source, durable }: Cause): void {
    const known = this.accounts.get(account);
    const cycle = (this.gathering ??= this.openCycle());
    if (durable) cycle.causes.add(durable);
    const time = this.isoOf(timeMs);
    const context = { timeMs, commandId, source: source ?? undefined };
    let stream = cycle.streams.get(account);
    if (!stream) cycle.streams.set(account, (stream = { expectedRevision: known.state.revision, events: [] }));
    try {
      this.foldInto(cycle, stream, known, events, { v: 1, account, time, commandId, correlationId, source }, context);
    } catch (error) {
      this.breakDown(error);
    }
  }

  /** Many events are of one millisecond. */
  private isoOf(timeMs: number): string {
    if (timeMs !== this.lastTime.ms) this.lastTime = { ms: timeMs, iso: new Date(timeMs).toISOString() };
    return this.lastTime.iso;
  }

  private foldInto(
    { facts }: Cycle,
    stream: { events: EventToAppend[] },
    known: AccountInMemory,
    events: readonly CreditEvent[],
    envelope: Omit<EventEnvelope, 'revision' | 'type' | 'data'>,
    context: EventContext,
  ): void {
    const { v, account, time, commandId, correlationId, source } = envelope;
    for (const event of events) {
      const revision = known.state.revision + 1;
      const { type, ...data } = event;
      const bytes = encodeEvent({ v, account, revision, time, type, data, commandId, correlationId, source });
      known.state = evolve(known.state, event, context);
      known.hash = hashOf(known.hash, bytes);
      stream.events.push({ id: `${account}/${revision}`, type, data: bytes, hash: known.hash });
      facts.push({ account, revision, time, event });
    }
  }

  private openCycle(): Cycle {
    let settle: Cycle['settle'] = { resolve: () => undefined, reject: () => undefined };
    const appended = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
    // Whoever waits gets the rejection; a cycle that nobody waits for must not end the process.
    appended.catch(() => undefined);
    if (!this.appending) setImmediate(() => this.appendNext());
    return { streams: new Map(), facts: [], causes: new Set(), appended, settle };
  }

  private appendNext(): void {
    const cycle = this.gathering;
    if (!cycle || this.appending) return;
    this.gathering = undefined;
    this.appending = cycle;
    this.append(cycle).then(
      () => this.succeeded(cycle),
      (error: unknown) => this.failed(cycle, error),
    );
  }

  private async append(cycle: Cycle): Promise<void> {
    const batch = [...cycle.streams].map(([account, { expectedRevision, events }]) => ({ stream: streamOf(account), expectedRevision, events }));
    if (cycle.causes.size > 0) await Promise.all(cycle.causes);
    const outcomes = await this.store.append(batch);
    const overtaken = new Set(outcomes.flatMap(({ stream, appended }) => (appended ? [] : [stream])));
    const durable = overtaken.size === 0 ? cycle.facts : cycle.facts.filter(({ account }) => !overtaken.has(streamOf(account)));
    this.appendedEvents += durable.length;
    this.facts.publish(durable);
    if (overtaken.size > 0) throw new TransientFailure('event store', 'another writer has the stream');
  }

  private succeeded(cycle: Cycle): void {
    this.appending = undefined;
    this.lastFailure = undefined;
    cycle.settle.resolve();
    if (this.gathering) this.appendNext();
  }

  /** A decision that breaks the invariant is a bug: nothing of its cycle is written, and nothing is decided until the process is started anew. */
  private breakDown(error: unknown): never {
    this.distrust(error);
    throw error;
  }

  /** What is in memory cannot be right: nothing of it is written any more. */
  distrust(error: unknown): void {
    this.broken = `an invariant broke (${error instanceof Error ? error.name : 'unknown'})`;
    const cycle = this.gathering;
    this.gathering = undefined;
    if (cycle) this.abandon(cycle, new TransientFailure('ledger', this.broken, { cause: error }));
  }

  private abandon(cycle: Cycle, failure: Error): void {
    for (const account of cycle.streams.keys()) this.accounts.drop(account);
    cycle.settle.reject(failure);
  }

  /** Never guess: all that was decided on the accounts of both cycles is void, and they are folded again from what is durable. */
  private failed(cycle: Cycle, error: unknown): void {
    this.appending = undefined;
    this.lastFailure = `the last append failed (${error instanceof Error ? error.name : 'unknown'})`;
    const failure = error instanceof TransientFailure ? error : new TransientFailure('event store', 'an append failed', { cause: error });
    const next = this.gathering;
    this.gathering = undefined;
    this.abandon(cycle, failure);
    if (next) this.abandon(next, failure);
    this.tellVoid([...cycle.streams.keys()]);
  }
}
