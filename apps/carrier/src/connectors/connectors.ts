// All SMSCs of this carrier: connections, who submits to each, and which takes which message. Changed while it runs.
import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import type { PartHealth } from '@kwota/service-kit/health';
import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import type { Pdu } from 'smpp';
import { SmscConnection } from '../connect-smsc/smsc.connection.js';
import { QuietHoursClock } from '../hold-quiet-hours/quiet-hours.clock.js';
import { PartsRepository, type ClaimedPart } from '../parts.repository.js';
import { ReceiveReceiptsOnDeliverSm } from '../receive-receipts/receive-receipts.on-deliver-sm.js';
import { PartNewsRecorder } from '../record-news/part-news.recorder.js';
import { routeOfReceiver, type Route } from '../route-parts/route-of-receiver.js';
import { ClaimPartsRepository } from '../submit-parts/claim-parts.repository.js';
import { SubmitPartsWorker } from '../submit-parts/submit-parts.worker.js';
import { Connector } from './connector.js';
import { ConnectorsRepository, environmentConnector, type StoredConnector } from './connectors.repository.js';

export type ConnectorsOptions = Readonly<{
  /** A connector that is away for so long is passed over. */
  failOverAfterMs: number;
}>;

export class Connectors {
  private readonly byName = new Map<string, Connector>();
  private isPaused = false;
  private stopped = false;
  private reloading: Promise<void> = Promise.resolve();
  private readonly answers;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly claims: InstanceClaims,
    private readonly repository: ConnectorsRepository,
    private readonly parts: PartsRepository,
    private readonly queue: ClaimPartsRepository,
    private readonly recorder: PartNewsRecorder,
    private readonly receiver: ReceiveReceiptsOnDeliverSm,
    private readonly quietHours: QuietHoursClock,
    private readonly options: ConnectorsOptions,
    private readonly log: Logger,
    metrics: Metrics,
  ) {
    this.answers = metrics.counter('kwota_carrier_submit_answers_total', 'Answers to submit_sm', ['answer']);
    metrics.gauge('kwota_carrier_submits_in_flight', 'submit_sm not answered yet', () => this.all().reduce((sum, { connection }) => sum + connection.inFlight, 0));
    metrics.gauge('kwota_carrier_smsc_bound', 'How many SMSCs are bound', () => this.all().filter(({ connection }) => connection.isBound).length);
    metrics.gauge('kwota_carrier_connectors', 'How many SMSCs there are', () => this.byName.size);
  }

  all(): readonly Connector[] {
    return [...this.byName.values()];
  }

  of(name: string): Connector | undefined {
    return this.byName.get(name);
  }

  /** Everything waits. */
  get paused(): boolean {
    return this.isPaused;
  }

  /** The carrier is ready without its SMSCs: messages queue until their validity ends (DESIGN §7). */
  health(): PartHealth {
    const away = this.all().flatMap(({ name, connection, paused }) => {
      if (paused) return [`${titleOf(name)} is paused`];
      return connection.isBound ? [] : [`${titleOf(name)} is away: ${connection.problem}; messages wait`];
    });
    return { ready: true, reasons: [], warnings: this.isPaused ? ['the carrier is paused: kwota carriers resume', ...away] : away };
  }

  async start(): Promise<void> {
    await this.load();
    await this.claims.start({
      release: (manager) => {
        const never = this.all().filter(({ settings }) => settings.lostAnswer === 'never');
        return this.parts.releaseClaims(manager, never.map(({ name }) => name));
      },
      onLost: () => {
        for (const { submitter } of this.all()) submitter?.dropClaims();
      },
      // Also for what a carrier that is gone had put in the queue, and for what another has changed.
      onLook: async () => {
        await this.reload();
        for (const { submitter } of this.all()) submitter?.wake();
      },
    });
    for (const connector of this.all()) this.open(connector);
  }

  /** After a change of what is stored. */
  reload(): Promise<void> {
    const reloaded = this.reloading.then(() => (this.stopped ? undefined : this.load(true)));
    // Whoever asked is told of a failure; the next reload tries anew.
    this.reloading = reloaded.catch(() => undefined);
    return reloaded;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.reloading;
    const all = this.all();
    await Promise.all(all.map(({ submitter }) => submitter?.stop()));
    await Promise.all(all.map(({ connection }) => connection.stop()));
  }

  routes(): Route[] {
    return this.all().map(({ name, paused, settings: { prefixes, weight }, connection }) => ({
      name,
      prefixes,
      weight,
      paused,
      available: !paused && connection.awayMs < this.options.failOverAfterMs,
    }));
  }

  /** The connector that is to submit it; empty: none takes its receiver. */
  routeOf(receiver: string, messageId: number): string {
    return routeOfReceiver(receiver, messageId, this.routes());
  }

  /** What became of them is durable. */
  settle(parts: readonly ClaimedPart[]): void {
    if (!this.database.isShared) return;
    for (const { name, submitter } of this.all()) submitter?.settle(parts.filter(({ connector }) => connector === name));
  }

  wake(): void {
    for (const { submitter } of this.all()) submitter?.wake();
  }

  goOn(): void {
    for (const { submitter } of this.all()) submitter?.goOn();
  }

  private async load(isRunning = false): Promise<void> {
    const { connectors, paused } = await this.database.read((manager) => this.repository.read(manager));
    const wasPaused = this.isPaused;
    this.isPaused = paused;
    const gone = this.all().filter(({ name }) => !connectors.some((stored) => stored.name === name));
    for (const connector of gone) await this.close(connector);
    for (const stored of connectors) {
      const known = this.byName.get(stored.name);
      if (known?.take(stored)) {
        known.submitter?.wake();
        continue;
      }
      if (known) await this.close(known);
      const connector = this.add(stored);
      if (isRunning) this.open(connector);
    }
    if (wasPaused && !paused) this.wake();
  }

  private add(stored: StoredConnector): Connector {
    const { name, url, settings } = stored;
    const connection = new SmscConnection({ connector: name, url, bind: settings.bind, systemType: settings.systemType, tlsCa: settings.tlsCa }, this.log);
    const connector = new Connector(stored, connection);
    const isCarrierPaused = (): boolean => this.isPaused;
    connector.submitter = new SubmitPartsWorker(this.database, this.claims, this.parts, this.queue, connector, this.recorder, this.quietHours, isCarrierPaused, this.answers, this.log);
    this.byName.set(name, connector);
    return connector;
  }

  private open({ name, submitter, connection }: Connector): void {
    submitter?.start();
    connection.start({
      onBound: () => submitter?.wake(),
      onDeliverSm: (pdu: Pdu, answer: (commandStatus: number) => void) => this.receiver.receive(name, pdu, answer),
    });
  }

  /** What it had claimed and not sent waits again; answers under way get a while. */
  private async close({ name, submitter, connection }: Connector): Promise<void> {
    this.byName.delete(name);
    await submitter?.stop();
    await connection.stop();
  }
}

const titleOf = (name: string): string => (name === environmentConnector ? 'the SMSC' : `connector ${name}`);
