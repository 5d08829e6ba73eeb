import { outcomeOfCommandStatus } from '@kwota/delivery-codes';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import type { Pdu } from 'smpp';
import type { EntityManager } from 'typeorm';
import type { Connector } from '../connectors/connector.js';
import { QuietHoursClock } from '../hold-quiet-hours/quiet-hours.clock.js';
import { keyOfPart, PartsRepository, type ClaimedPart, type NewPart } from '../parts.repository.js';
import { PartNewsRecorder, type PartNews } from '../record-news/part-news.recorder.js';
import { AgedTurns } from './aged-turns.js';
import { ClaimPartsRepository } from './claim-parts.repository.js';
import { LinkPause } from './link-pause.js';
import { submitSmOf, unitsOf, type Unit } from './submit-sm.js';
import { ThroughputLimit } from './throughput-limit.js';

/** A part that the SMSC was too busy for waits 0.5 s, then twice as long each time, up to a minute. */
const busyDelayMsMin = 500;
const busyDelayMsMax = 60_000;
/** Between looks at the queue: no shorter than this, no longer than that. */
const lookDelayMsMin = 100;
const lookDelayMsMax = 60_000;
const storeRetryDelayMs = 500;

/** Claims a connector's due parts, submits them within its window and rate, and hands every answer to the recorder. */
export class SubmitPartsWorker {
  private ready: ClaimedPart[] = [];
  /** Places promised to parts whose transaction runs. */
  private reserved = 0;
  private started = false;
  /** Several carriers: what is claimed and not settled yet, so that a claim whose commit was in doubt is found. */
  private readonly held = new Set<string>();
  private mayHaveForgotten = false;
  private running: Promise<void> | undefined;
  private isWoken = false;
  /** Parts may be due that are not claimed yet; without it each answer would cost a look into the queue. */
  private mayBeDue = true;
  private stopped = false;
  private readonly pause = new LinkPause();
  private readonly throughput = new ThroughputLimit();
  private readonly agedTurns = new AgedTurns();
  private timer: NodeJS.Timeout | undefined;
  private timerAtMs = Infinity;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly claims: InstanceClaims,
    private readonly parts: PartsRepository,
    private readonly queue: ClaimPartsRepository,
    private readonly connector: Connector,
    private readonly recorder: PartNewsRecorder,
    private readonly quietHours: QuietHoursClock,
    private readonly isCarrierPaused: () => boolean,
    private readonly answers: Pick<ReturnType<Metrics['counter']>, 'inc'>,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.started = true;
    this.wake();
  }

  /** Parts may have become due: new ones, or some that came back to the queue. */
  wake(): void {
    this.mayBeDue = true;
    this.goOn();
  }

  /** There may be room: an answer came, news became durable, the link is up. */
  goOn(): void {
    if (this.stopped || !this.started) return;
    this.isWoken = true;
    this.running ??= this.run().finally(() => (this.running = undefined));
  }

  /**
   * For parts that are new and due now: the epoch to claim them under as they are stored, which saves the queue's way. Undefined when others
   * wait before them, or there is no room for so many.
   */
  epochForNew(partsCount: number): number | undefined {
    const hasRoom = this.ready.length + this.reserved + partsCount <= this.windowSize;
    if (this.stopped || !this.started || this.mayBeDue || !hasRoom || !this.maySubmit()) return undefined;
    this.reserved += partsCount;
    return this.claims.epoch;
  }

  /** What was stored under `epochForNew`; undefined: nobody knows whether it was. */
  takeClaimed(epoch: number, reservedCount: number, claimed: readonly NewPart[] | undefined): void {
    this.reserved -= reservedCount;
    // In this order: V8 takes five times as long to add fields to a spread object.
    if (claimed) this.hold(claimed.map((part) => ({ attempts: 0, epoch, ...part })));
    else this.mayHaveForgotten = this.mayBeDue = true;
    this.goOn();
  }

  /** What became of them is durable. */
  settle(parts: readonly ClaimedPart[]): void {
    if (this.database.isShared) for (const part of parts) if (part.epoch === this.claims.epoch) this.held.delete(keyOfPart(part));
  }

  /** What was claimed and not sent waits again. The connection is stopped after it, the recorder last. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    for (const part of this.ready.splice(0)) this.recorder.record(this.requeued(part, false));
  }

  private async run(): Promise<void> {
    while (this.isWoken && !this.stopped) {
      this.isWoken = false;
      try {
        await this.submitDue();
      } catch (error) {
        this.log.error({ err: { type: (error as Error).name } }, 'the queue of parts is out of reach; trying again');
        this.lookAgainIn(storeRetryDelayMs);
      }
    }
  }

  private async submitDue(): Promise<void> {
    const { windowSize } = this;
    for (;;) {
      this.submitReady();
      // A half-empty window before the next claim: else each answer would cost a transaction.
      const hasRoom = this.ready.length === 0 && this.unsettled <= windowSize / 2 && this.maySubmit();
      if (!hasRoom || !this.mayBeDue || this.stopped) {
        this.waitForTurn();
        return;
      }
      this.mayBeDue = false;
      const partsMax = this.claimMax;
      const claimed = await this.claim(partsMax);
      this.hold(claimed);
      if (claimed.length >= partsMax) {
        this.mayBeDue = true;
        continue;
      }
      const nextDueAtMs = await this.database.read((manager) => this.queue.nextDueAtMs(manager, this.connector.name));
      if (nextDueAtMs !== undefined) this.lookAgainIn(nextDueAtMs - Date.now());
      if (claimed.length === 0) return;
    }
  }

  private async claim(partsMax: number): Promise<ClaimedPart[]> {
    const { epoch } = this.claims;
    try {
      return await this.database.transaction(async (manager) => {
        if (this.mayHaveForgotten && this.database.isShared) await this.putBackForgotten(manager, epoch);
        const wholeMessages = this.connector.settings.longMessages === 'payload';
        const agedMax = this.agedTurns.of(partsMax);
        return this.queue.claim(manager, { connector: this.connector.name, epoch, nowMs: Date.now(), partsMax, agedMax, wholeMessages });
      });
    } catch (error) {
      this.mayBeDue = true;
      this.mayHaveForgotten = true;
      throw error;
    }
  }

  /** Claims that were committed though the connection broke before the server could say so. Nobody has sent them. */
  private async putBackForgotten(manager: EntityManager, epoch: number): Promise<void> {
    const claimed = await this.parts.claimedUnder(manager, this.connector.name, epoch);
    await this.parts.requeue(manager, claimed.filter((part) => !this.held.has(keyOfPart(part))));
    this.mayHaveForgotten = false;
  }

  private hold(claimed: readonly ClaimedPart[]): void {
    // The epoch has ended meanwhile: they are in the queue again, or will be.
    const held = claimed.filter(({ epoch }) => epoch === this.claims.epoch);
    if (this.database.isShared) for (const part of held) this.held.add(keyOfPart(part));
    this.ready = [...this.ready, ...held];
  }

  /** What was sent may still be answered. */
  dropClaims(): void {
    this.ready = [];
    this.held.clear();
  }

  private get windowSize(): number {
    return this.connector.settings.windowSize;
  }

  /** What waits in memory for its turn counts as claimed: under a limit no more than goes out in a second. */
  private get claimMax(): number {
    const { windowSize, submitsPerSecondMax } = this.connector.settings;
    return submitsPerSecondMax === 0 ? windowSize : Math.min(windowSize, submitsPerSecondMax);
  }

  private maySubmit(): boolean {
    const { connection, settings } = this.connector;
    if (!this.claims.isSure || !connection.isBound || this.unsettled >= this.pause.windowOf(settings.windowSize) || this.isPaused) return false;
    const nowMs = performance.now();
    return this.pause.isOver(nowMs) && this.throughput.waitMs(settings.submitsPerSecondMax, nowMs) === 0;
  }

  private get isPaused(): boolean {
    return this.connector.paused || this.isCarrierPaused();
  }

  /** Without an answer, or with one that is not durable yet: what a crash now would have sent again, a window of them at most. */
  private get unsettled(): number {
    return this.connector.connection.inFlight + this.recorder.unwrittenAnswers(this.connector.name);
  }

  private submitReady(): void {
    const { connection, settings } = this.connector;
    let sent = 0;
    for (const unit of unitsOf(this.ready, settings)) {
      if (!this.maySubmit()) break;
      const nowMs = Date.now();
      const [{ commercial, validUntilMs }] = unit;
      const allowedFromMs = commercial ? this.quietHours.allowedFromMs(nowMs) : nowMs;
      if (validUntilMs <= nowMs) this.recordEach(unit, (part) => ({ kind: 'expired', part, atMs: nowMs }));
      else if (allowedFromMs > nowMs) this.recordEach(unit, (part) => ({ kind: 'requeued', part, dueAtMs: allowedFromMs, attempts: part.attempts, pinned: false }));
      else if (connection.submit(submitSmOf(unit, settings, nowMs), (answer) => this.onAnswer(unit, answer))) this.throughput.take(settings.submitsPerSecondMax, performance.now());
      else break;
      sent += unit.length;
    }
    if (sent > 0) this.ready = this.ready.slice(sent);
  }

  /** Answers that come or become durable wake it, and so does the look that makes claims sure again; the end of a pause does not. */
  private waitForTurn(): void {
    const { connection, settings } = this.connector;
    if ((this.ready.length === 0 && !this.mayBeDue) || !connection.isBound || this.isPaused) return;
    const nowMs = performance.now();
    const waitMs = Math.max(this.pause.leftMs(nowMs), this.throughput.waitMs(settings.submitsPerSecondMax, nowMs));
    if (this.unsettled === 0 || waitMs > 0) this.lookAgainIn(waitMs);
  }

  private recordEach(unit: Unit, newsOf: (part: ClaimedPart) => PartNews): void {
    for (const part of unit) this.recorder.record(newsOf(part));
  }

  private onAnswer(unit: Unit, answer: Pdu | undefined): void {
    if (answer) this.onStatus(unit, answer.command_status, answer.message_id ?? '');
    else this.onLost(unit);
    this.goOn();
  }

  private onStatus(unit: Unit, commandStatus: number, smscId: string): void {
    const result = outcomeOfCommandStatus(commandStatus);
    this.answers.inc({ answer: result.kind });
    if (result.kind === 'retry') {
      this.onBusy(unit);
      return;
    }
    this.pause.onTaken(this.windowSize);
    const atMs = Date.now();
    if (result.kind === 'accepted') this.recordEach(unit, (part) => ({ kind: 'submitted', part, smscId, atMs }));
    else this.recordEach(unit, (part) => ({ kind: 'refused', part, commandStatus, outcome: result.outcome, atMs }));
  }

  private onBusy(unit: Unit): void {
    const pauseMs = this.pause.onBusy(performance.now(), this.windowSize);
    const isLinks = pauseMs > 0;
    const delayMs = isLinks ? pauseMs : Math.min(busyDelayMsMin * 2 ** unit[0].attempts, busyDelayMsMax);
    const dueAtMs = Date.now() + delayMs;
    this.recordEach(unit, (part) => ({ kind: 'requeued', part, dueAtMs, attempts: part.attempts + (isLinks ? 0 : 1), pinned: false }));
    this.lookAgainIn(delayMs);
  }

  /** It may have arrived: no other connector may send it. */
  private onLost(unit: Unit): void {
    this.answers.inc({ answer: 'lost' });
    if (this.connector.settings.lostAnswer === 'resend') this.recordEach(unit, (part) => this.requeued(part, true));
    else this.recordEach(unit, (part) => ({ kind: 'unanswered', part }));
  }

  private requeued(part: ClaimedPart, pinned: boolean): PartNews {
    return { kind: 'requeued', part, dueAtMs: part.dueAtMs, attempts: part.attempts, pinned };
  }

  /** The earliest wish counts. */
  private lookAgainIn(delayMs: number): void {
    if (this.stopped) return;
    const wantedMs = Math.min(Math.max(delayMs, lookDelayMsMin), lookDelayMsMax);
    const atMs = performance.now() + wantedMs;
    if (atMs >= this.timerAtMs) return;
    clearTimeout(this.timer);
    this.timerAtMs = atMs;
    this.timer = setTimeout(() => {
      this.timerAtMs = Infinity;
      this.wake();
    }, wantedMs);
  }
}
