import { outcomeOfCommandStatus } from '@kwota/delivery-codes';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import type { Pdu } from 'smpp';
import type { EntityManager } from 'typeorm';
import type { LostAnswerPolicy } from '../carrier.config.js';
import { SmscConnection } from '../connect-smsc/smsc.connection.js';
import { keyOfPart, PartsRepository, partState, type ClaimedPart, type NewPart } from '../parts.repository.js';
import { PartNewsRecorder } from '../record-news/part-news.recorder.js';
import { submitSmOf } from './submit-sm.js';

export type SubmitOptions = Readonly<{ windowSize: number; lostAnswer: LostAnswerPolicy }>;

/** A part that the SMSC was too busy for waits 0.5 s, then twice as long each time, up to a minute. */
const busyDelayMsMin = 500;
const busyDelayMsMax = 60_000;
/** So many busy answers on end pause the whole link; a single one is its receiver's affair. */
const busyAnswersMin = 3;
const linkPauseMsMin = 100;
const linkPauseMsMax = 5_000;
/** Between looks at the queue: no shorter than this, no longer than that. */
const lookDelayMsMin = 100;
const lookDelayMsMax = 60_000;
const storeRetryDelayMs = 500;

/** Claims due parts, submits them within the window, and hands every answer to the recorder. */
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
  private busyAnswers = 0;
  private pausedUntilMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private timerAtMs = Infinity;
  private readonly answers;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly claims: InstanceClaims,
    private readonly parts: PartsRepository,
    private readonly connection: SmscConnection,
    private readonly recorder: PartNewsRecorder,
    private readonly options: SubmitOptions,
    private readonly log: Logger,
    metrics: Metrics,
  ) {
    this.answers = metrics.counter('kwota_carrier_submit_answers_total', 'Answers to submit_sm', ['answer']);
    metrics.gauge('kwota_carrier_submits_in_flight', 'submit_sm not answered yet', () => this.connection.inFlight);
  }

  /** Claims of instances that are dead are answers that never came. */
  async start(): Promise<void> {
    const unanswered = this.options.lostAnswer === 'resend' ? partState.queued : partState.unanswered;
    await this.claims.start({
      release: (manager) => this.parts.releaseClaims(manager, unanswered),
      onLost: () => this.dropClaims(),
      // Also for what a carrier that is gone had put in the queue.
      onLook: async () => this.wake(),
    });
    this.started = true;
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
    const hasRoom = this.ready.length + this.reserved + partsCount <= this.options.windowSize;
    if (this.stopped || !this.started || this.mayBeDue || !hasRoom || !this.maySubmit()) return undefined;
    this.reserved += partsCount;
    return this.claims.epoch;
  }

  /** What was stored under `epochForNew`; undefined: nobody knows whether it was. */
  takeClaimed(epoch: number, reservedCount: number, claimed: readonly NewPart[] | undefined): void {
    this.reserved -= reservedCount;
    if (claimed) this.hold(claimed.map((part) => ({ ...part, attempts: 0, epoch })));
    else this.mayHaveForgotten = this.mayBeDue = true;
    this.goOn();
  }

  /** What became of them is durable. */
  settle(parts: readonly ClaimedPart[]): void {
    if (this.database.isShared) for (const part of parts) if (part.epoch === this.claims.epoch) this.held.delete(keyOfPart(part));
  }

  /** What was claimed and not sent waits for the next start. The connection is stopped after it, the recorder last. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    for (const part of this.ready.splice(0)) this.requeue(part, part.dueAtMs, part.attempts);
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
    const { windowSize } = this.options;
    for (;;) {
      this.submitReady();
      // A half-empty window before the next claim: else each answer would cost a transaction.
      const hasRoom = this.ready.length === 0 && this.unsettled <= windowSize / 2 && this.maySubmit();
      if (!hasRoom || !this.mayBeDue || this.stopped) return;
      this.mayBeDue = false;
      const claimed = await this.claim();
      this.hold(claimed);
      if (claimed.length === windowSize) {
        this.mayBeDue = true;
        continue;
      }
      const nextDueAtMs = await this.database.read((manager) => this.parts.nextDueAtMs(manager));
      if (nextDueAtMs !== undefined) this.lookAgainIn(nextDueAtMs - Date.now());
      if (claimed.length === 0) return;
    }
  }

  private async claim(): Promise<ClaimedPart[]> {
    const { epoch } = this.claims;
    try {
      return await this.database.transaction(async (manager) => {
        if (this.mayHaveForgotten && this.database.isShared) await this.putBackForgotten(manager, epoch);
        return this.parts.claim(manager, epoch, Date.now(), this.options.windowSize);
      });
    } catch (error) {
      this.mayBeDue = true;
      this.mayHaveForgotten = true;
      throw error;
    }
  }

  /** Claims that were committed though the connection broke before the server could say so. Nobody has sent them. */
  private async putBackForgotten(manager: EntityManager, epoch: number): Promise<void> {
    const claimed = await this.parts.claimedUnder(manager, epoch);
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
  private dropClaims(): void {
    this.ready = [];
    this.held.clear();
  }

  private maySubmit(): boolean {
    return this.claims.isSure && this.connection.isBound && this.pausedUntilMs <= performance.now() && this.unsettled < this.options.windowSize;
  }

  /** Without an answer, or with one that is not durable yet: what a crash now would have sent again, a window of them at most. */
  private get unsettled(): number {
    return this.connection.inFlight + this.recorder.unwrittenAnswers;
  }

  private submitReady(): void {
    let sent = 0;
    for (const part of this.ready) {
      if (!this.maySubmit()) break;
      const nowMs = Date.now();
      if (part.validUntilMs <= nowMs) this.recorder.record({ kind: 'expired', part, atMs: nowMs });
      else if (!this.connection.submit(submitSmOf(part), (answer) => this.onAnswer(part, answer))) break;
      sent += 1;
    }
    this.ready = this.ready.slice(sent);
    // Answers that come or become durable wake it, and so does the look that makes claims sure again; the end of a pause does not.
    if (this.ready.length > 0 && this.unsettled === 0 && this.connection.isBound) this.lookAgainIn(this.pausedUntilMs - performance.now());
  }

  private onAnswer(part: ClaimedPart, answer: Pdu | undefined): void {
    if (answer) this.onStatus(part, answer.command_status, answer.message_id ?? '');
    else this.onLost(part);
    this.goOn();
  }

  private onStatus(part: ClaimedPart, commandStatus: number, smscId: string): void {
    const result = outcomeOfCommandStatus(commandStatus);
    this.answers.inc({ answer: result.kind });
    if (result.kind === 'retry') {
      this.onBusy(part);
      return;
    }
    this.busyAnswers = 0;
    const atMs = Date.now();
    if (result.kind === 'accepted') this.recorder.record({ kind: 'submitted', part, smscId, atMs });
    else this.recorder.record({ kind: 'refused', part, commandStatus, outcome: result.outcome, atMs });
  }

  private onBusy(part: ClaimedPart): void {
    const delayMs = Math.min(busyDelayMsMin * 2 ** part.attempts, busyDelayMsMax);
    this.requeue(part, Date.now() + delayMs, part.attempts + 1);
    this.lookAgainIn(delayMs);
    this.busyAnswers += 1;
    if (this.busyAnswers < busyAnswersMin) return;
    const pauseMs = Math.min(linkPauseMsMin * 2 ** (this.busyAnswers - busyAnswersMin), linkPauseMsMax);
    this.pausedUntilMs = Math.max(this.pausedUntilMs, performance.now() + pauseMs);
    this.lookAgainIn(pauseMs);
  }

  private onLost(part: ClaimedPart): void {
    this.answers.inc({ answer: 'lost' });
    if (this.options.lostAnswer === 'resend') this.requeue(part, part.dueAtMs, part.attempts);
    else this.recorder.record({ kind: 'unanswered', part });
  }

  private requeue(part: ClaimedPart, dueAtMs: number, attempts: number): void {
    this.recorder.record({ kind: 'requeued', part, dueAtMs, attempts });
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
