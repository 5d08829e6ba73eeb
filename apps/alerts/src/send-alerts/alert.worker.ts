import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import { LessThanOrEqual } from 'typeorm';
import { AlertsFactsPublisher } from '../alerts-facts.publisher.js';
import { alertEntity, type AlertMedium, type AlertRow } from '../alerts.entities.js';
import type { AlertSender, AttemptEnd } from './alert-sender.js';
import { giveUpAfterMs, retryDelayMs } from './retry-schedule.js';

const lookIntervalMs = 1_000;
const atOnceMax = 10;
/** An alert under way is nobody else's; one that a crash left is tried again after this. Longer than a mail server may take. */
const claimMs = 2 * 60 * 1_000;

/** Sends what waits for one medium: the rows are the queue, so that it survives a restart. */
export class AlertWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isWanted = false;
  private isStopped = false;
  /** Why the last attempt did not go out, while that may pass. */
  private trouble: string | undefined;
  private readonly attempts;

  constructor(
    private readonly medium: AlertMedium,
    private readonly sender: AlertSender,
    private readonly database: ServiceDatabase,
    private readonly facts: AlertsFactsPublisher,
    private readonly log: Logger,
    metrics: Metrics,
  ) {
    this.attempts = metrics.counter('kwota_alerts_attempts_total', 'Attempts to send an alert, by medium and how they ended', ['medium', 'outcome']);
  }

  start(): void {
    this.timer = setInterval(() => this.wake(), lookIntervalMs);
    this.wake();
  }

  wake(): void {
    this.isWanted = true;
    if (!this.running && !this.isStopped) this.running = this.run().finally(() => (this.running = undefined));
  }

  /** In the operator's words, without addresses; undefined when the last attempt went well. */
  get warning(): string | undefined {
    return this.trouble && `alerts by ${this.medium} do not go out at present: ${this.trouble}`;
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.isWanted && !this.isStopped) {
      this.isWanted = false;
      try {
        const alerts = await this.claim(Date.now());
        await Promise.all(alerts.map((alert) => this.sendOne(alert)));
        if (alerts.length === atOnceMax) this.isWanted = true;
      } catch (error) {
        this.log.error({ medium: this.medium, err: { type: (error as Error).name } }, 'alerts could not be read or stored; trying again');
      }
    }
  }

  /** Takes what is due: the changed due time is the claim, which of two instances only one can make. */
  private claim(nowMs: number): Promise<AlertRow[]> {
    return this.database.transaction(async (manager) => {
      const due = await manager.find(alertEntity, {
        where: { medium: this.medium, state: 'waiting', dueAtMs: LessThanOrEqual(nowMs) },
        order: { dueAtMs: 'ASC' },
        take: atOnceMax,
      });
      const claimed: AlertRow[] = [];
      for (const alert of due) {
        const { crossingId, medium, dueAtMs } = alert;
        const { affected } = await manager.update(alertEntity, { crossingId, medium, dueAtMs, state: 'waiting' }, { dueAtMs: nowMs + claimMs });
        if (affected === 1) claimed.push({ ...alert, dueAtMs: nowMs + claimMs });
      }
      return claimed;
    });
  }

  private async sendOne(alert: AlertRow): Promise<void> {
    const end = await this.attempt(alert);
    this.trouble = end.outcome === 'retry' ? end.reason : undefined;
    const nowMs = Date.now();
    // Whoever asked for a test waits for its end.
    const isOver = end.outcome === 'retry' && (alert.kind === 'test' || nowMs - alert.createdAtMs >= giveUpAfterMs);
    const outcome = isOver ? 'failed' : end.outcome;
    this.attempts.inc({ medium: this.medium, outcome });
    if (end.reason) this.log.warn({ crossingId: alert.crossingId, medium: this.medium, outcome, reason: end.reason }, 'an alert did not go out');
    const { crossingId, medium, dueAtMs } = alert;
    // After a claim that has run out, as when the process was paused, it is another instance's to end.
    const claim = { crossingId, medium, dueAtMs, state: 'waiting' } as const;
    const attempts = alert.attempts + 1;
    const reason = end.reason ?? '';
    await this.database.transaction(async (manager) => {
      if (outcome === 'retry') {
        await manager.update(alertEntity, claim, { attempts, reason, dueAtMs: nowMs + retryDelayMs(attempts, Math.random()) });
        return;
      }
      const { affected } = await manager.update(alertEntity, claim, { attempts, reason, state: outcome, endedAtMs: nowMs, submission: null });
      if (affected === 1) await this.facts.settled(manager, alert, outcome, nowMs);
    });
    if (outcome !== 'retry') this.facts.relay();
  }

  /** An error that no sender foresaw counts as one that may pass: the alert must not be lost to it. */
  private attempt(alert: AlertRow): Promise<AttemptEnd> {
    return this.sender.send(alert).catch((error: unknown) => ({ outcome: 'retry', reason: error instanceof Error ? error.name : 'unknown' }));
  }
}
