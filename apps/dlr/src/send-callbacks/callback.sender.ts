// Sends what is due, each origin in a lane of its own (lane.ts), so that a slow endpoint holds up nobody else.
import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import { CallbackClaims } from './callback-claims.js';
import { blockedUntilMs, callbackState, type Attempt, type CallbackResult, type QueuedCallback } from './callback-queue.repository.js';
import type { Queued } from './callback-queue.js';
import { CallbackDeliveryRepository } from '../set-callbacks/callback-delivery.repository.js';
import { callbackRequest } from './callback-request.js';
import { CallbackClient, type CallbackAnswer } from './callback.client.js';
import { CallbackSwitch } from './callback.switch.js';
import { AttemptCutShort, HttpAttempt } from './http-attempt.js';
import { judgeAttempt } from './judge-attempt.js';
import { Lane, type Ready } from './lane.js';
import { CallbackResultsRecorder } from './callback-results.recorder.js';

/** Requests at a time to endpoints that answer soon, and to slow ones: neither wait for the other. */
const inFlightMax = 512;
const slowInFlightMax = 1_024;
/** Due callbacks of one origin in memory; more wait in the table. */
const readyPerOriginMax = 1_000;
const refillBelow = 200;
const readyMax = 20_000;
const tickMs = 100;
/** A final is tried at once, but its message's earlier attempt may finish, if it does so soon. */
const finalWaitsMs = 500;

type InFlight = Readonly<{ http: HttpAttempt; ended: Promise<unknown> }>;

const stateAfter = {
  delivered: callbackState.delivered,
  again: callbackState.waiting,
  dead: callbackState.dead,
  'switched-off': callbackState.dead,
} as const;

export type CallbackSenderOptions = Readonly<{ retryScheduleMs: readonly number[]; timeZone: string }>;

export class CallbackSender {
  private readonly lanes = new Map<string, Lane>();
  private readonly readyByMessage = new Map<number, Ready>();
  private readonly inFlightByMessage = new Map<number, InFlight>();
  private inFlight = 0;
  /** Of them, to slow endpoints, as the last tick counted. */
  private slowInFlight = 0;
  /** Lanes that had something to send and no room beside the others. */
  private readonly starved = new Set<Lane>();
  private ready = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  private readonly underWay = new Set<Promise<void>>();
  private readonly attemptsCounted;

  private constructor(
    private readonly claims: CallbackClaims,
    private readonly client: CallbackClient,
    private readonly recorder: CallbackResultsRecorder,
    private readonly deliveries: CallbackDeliveryRepository,
    private readonly callbackSwitch: CallbackSwitch,
    private readonly options: CallbackSenderOptions,
    private readonly log: Logger,
    metrics: Metrics,
  ) {
    this.attemptsCounted = metrics.counter('kwota_dlr_callback_attempts_total', 'Attempts of callbacks by what became of them', ['result']);
    metrics.gauge('kwota_dlr_callbacks_in_flight', 'Callbacks that wait for their answer', () => this.inFlight);
    metrics.gauge('kwota_dlr_callbacks_ready', 'Callbacks that are due and wait for a connection', () => this.ready);
  }

  /** Takes over what an earlier process left. */
  static async open(
    claims: CallbackClaims,
    client: CallbackClient,
    recorder: CallbackResultsRecorder,
    deliveries: CallbackDeliveryRepository,
    callbackSwitch: CallbackSwitch,
    options: CallbackSenderOptions,
    log: Logger,
    metrics: Metrics,
  ): Promise<CallbackSender> {
    const sender = new CallbackSender(claims, client, recorder, deliveries, callbackSwitch, options, log, metrics);
    await claims.start({ onDue: (origin, atMs) => sender.wakeAt(origin, atMs), onLost: () => sender.forget() });
    recorder.onRecorded(({ origins: due, atMs }) => {
      for (const origin of due) sender.wakeAt(origin, atMs);
    });
    return sender;
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), tickMs);
  }

  /** Attempts under way are cut short: they come again at the next start. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    for (const { http } of this.inFlightByMessage.values()) http.end(new AttemptCutShort());
    await Promise.all(this.underWay);
    await this.recorder.close();
    this.callbackSwitch.close();
    await this.client.close();
  }

  /** Others may send, too. */
  get isShared(): boolean {
    return this.claims.isShared;
  }

  /** A transaction that took callbacks into memory failed. */
  doubt(): void {
    this.claims.doubt();
  }

  /** Under which callbacks are taken into memory. */
  get epoch(): number {
    return this.claims.epoch;
  }

  /** How many callbacks of the origin may be taken into memory. */
  roomFor(origin: string): number {
    if (this.ready >= readyMax || this.stopping || !this.claims.isSure) return 0;
    const lane = this.lanes.get(origin);
    // What waits in the table came first.
    if (lane && lane.tableDueAtMs <= Date.now()) return 0;
    return readyPerOriginMax - (lane?.ready.length ?? 0);
  }

  /** After the commit. */
  offer({ taken, waitingOrigins, supersededMessageIds }: Queued): void {
    for (const messageId of supersededMessageIds) {
      const ready = this.readyByMessage.get(messageId);
      if (ready) ready.superseded = true;
    }
    const touched = new Set<Lane>();
    for (const callback of taken) touched.add(this.makeReady(callback));
    for (const lane of touched) this.pump(lane);
    for (const origin of waitingOrigins) this.wakeAt(origin, Date.now());
  }

  private lane(origin: string): Lane {
    const known = this.lanes.get(origin);
    if (known) return known;
    const lane = new Lane(origin);
    this.lanes.set(origin, lane);
    return lane;
  }

  /** What was taken is another's by now; what is under way ends. */
  private forget(): void {
    for (const lane of this.lanes.values()) lane.ready = [];
    this.ready = 0;
    this.readyByMessage.clear();
  }

  private makeReady(callback: QueuedCallback): Lane {
    const lane = this.lane(callback.origin);
    if (!this.claims.hold(callback)) return lane;
    const ready = { callback, superseded: false };
    lane.ready.push(ready);
    this.ready += 1;
    this.readyByMessage.set(callback.messageId, ready);
    return lane;
  }

  private wakeAt(origin: string, atMs: number): void {
    const lane = this.lane(origin);
    lane.tableDueAtMs = Math.min(lane.tableDueAtMs, atMs);
  }

  private tick(): void {
    const nowMs = Date.now();
    this.slowInFlight = 0;
    for (const lane of this.lanes.values()) if (lane.inFlight > 0 && lane.isSlow(nowMs)) this.slowInFlight += lane.inFlight;
    for (const lane of this.lanes.values()) {
      this.refill(lane, nowMs);
      if (lane.ready.length > 0) this.pump(lane);
      else if (lane.tableDueAtMs >= blockedUntilMs && lane.isIdle(nowMs)) this.lanes.delete(lane.origin);
    }
  }

  private refill(lane: Lane, nowMs: number): void {
    if (lane.tableDueAtMs > nowMs || lane.ready.length >= refillBelow) return;
    if (lane.refilling || this.stopping || this.ready >= readyMax || !this.claims.isSure) return;
    lane.refilling = true;
    this.track(
      this.takeFromTable(lane)
        .catch((error: Error) => this.log.error({ err: { type: error.name } }, 'due callbacks could not be read; trying again'))
        .finally(() => (lane.refilling = false)),
    );
  }

  private async takeFromTable(lane: Lane): Promise<void> {
    lane.tableDueAtMs = Infinity;
    const nowMs = Date.now();
    try {
      const { callbacks, nextDueAtMs } = await this.claims.take(lane.origin, nowMs, readyPerOriginMax / 2);
      lane.tableDueAtMs = Math.min(lane.tableDueAtMs, nextDueAtMs ?? Infinity);
      for (const callback of callbacks) this.makeReady(callback);
    } catch (error) {
      lane.tableDueAtMs = nowMs;
      throw error;
    }
    this.pump(lane);
  }

  private pump(lane: Lane): void {
    this.starved.delete(lane);
    while (lane.ready.length > 0 && !this.stopping && !this.callbackSwitch.paused && this.claims.isSure && lane.hasRoom) {
      const nowMs = Date.now();
      if (!this.hasRoomFor(lane, nowMs)) {
        this.starved.add(lane);
        return;
      }
      const next = lane.ready.shift();
      if (!next) return;
      this.ready -= 1;
      const { messageId } = next.callback;
      if (this.readyByMessage.get(messageId) === next) this.readyByMessage.delete(messageId);
      if (next.superseded) {
        this.claims.settle([next.callback]);
        continue;
      }
      const request = lane.begin(nowMs);
      this.inFlight += 1;
      this.track(
        this.send(next.callback).then((delivered) => {
          lane.end(request, Date.now(), delivered);
          this.inFlight -= 1;
          // Who waited for room goes first.
          const [waiting] = this.starved;
          if (waiting) this.pump(waiting);
          this.pump(lane);
          this.refill(lane, Date.now());
        }),
      );
    }
  }

  private hasRoomFor(lane: Lane, nowMs: number): boolean {
    if (lane.isSlow(nowMs)) return this.slowInFlight < slowInFlightMax;
    return this.inFlight - this.slowInFlight < inFlightMax;
  }

  private track(work: Promise<void>): void {
    this.underWay.add(work);
    void work.then(() => this.underWay.delete(work));
  }

  /** Whether it was delivered. */
  private async send(callback: QueuedCallback): Promise<boolean> {
    const { messageId } = callback;
    const earlier = this.inFlightByMessage.get(messageId);
    if (earlier) await this.endSoon(earlier);
    if (this.stopping || callback.epoch !== this.claims.epoch) return false;
    const http = new HttpAttempt();
    const atMs = Date.now();
    const ended = this.attempt(callback, atMs, http);
    const inFlight = { http, ended };
    this.inFlightByMessage.set(messageId, inFlight);
    const answer = await ended;
    if (this.inFlightByMessage.get(messageId) === inFlight) this.inFlightByMessage.delete(messageId);
    // An attempt that the service itself ended is none: the row is still taken, and the next start sends it.
    if (this.stopping && answer.reason === 'cut-short') return false;
    const result = this.resultOf(callback, answer, atMs);
    this.recorder.record(result);
    return result.state === callbackState.delivered;
  }

  private async attempt(callback: QueuedCallback, nowMs: number, http: HttpAttempt): Promise<CallbackAnswer> {
    try {
      const use = await this.deliveries.use(callback, nowMs);
      return await this.client.send(callbackRequest(callback.url, callback, { timeZone: this.options.timeZone, nowMs, ...use }), http);
    } catch (error) {
      // The store is away, or a secret does not open: it may pass.
      this.log.error({ err: { type: (error as Error).name } }, 'a callback could not be made; trying again');
      return { status: null, reason: 'not-made', retryAfter: undefined, latencyMs: 0, address: undefined };
    }
  }

  /** Only a final comes while its message's earlier callback is out; the order at the endpoint is that of their beginnings. */
  private async endSoon({ http, ended }: InFlight): Promise<void> {
    const timer = setTimeout(() => http.end(new AttemptCutShort()), finalWaitsMs);
    await ended;
    clearTimeout(timer);
  }

  private resultOf(callback: QueuedCallback, answer: CallbackAnswer, atMs: number): CallbackResult {
    const { status, reason, latencyMs, address } = answer;
    const attempt: Attempt = address === undefined ? [atMs, status, reason, latencyMs] : [atMs, status, reason, latencyMs, address];
    const attempts = [...callback.attempts, attempt];
    const nowMs = Date.now();
    const { retryScheduleMs } = this.options;
    const verdict = judgeAttempt({ answer, attempts: attempts.length - callback.attemptsBefore, retryScheduleMs, random: Math.random(), nowMs });
    this.attemptsCounted.inc({ result: verdict.kind });
    const nextAttemptAtMs = verdict.kind === 'again' ? nowMs + verdict.inMs : nowMs;
    return { callback, attempts, state: stateAfter[verdict.kind], nextAttemptAtMs, switchOff: verdict.kind === 'switched-off' };
  }
}
