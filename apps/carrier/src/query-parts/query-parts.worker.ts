import { isFinalDlr, outcomeOfReceipt } from '@kwota/delivery-codes';
import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import type { Pdu } from 'smpp';
import type { Connector } from '../connectors/connector.js';
import type { Connectors } from '../connectors/connectors.js';
import { PartNewsRecorder } from '../record-news/part-news.recorder.js';
import { QueriesRepository, type Query } from './queries.repository.js';

const lookIntervalMs = 1_000;
const forgetIntervalMs = 60 * 60 * 1_000;
/** A second's questions to one SMSC: they must not crowd out what is to be sent. */
const queriesMax = 50;

/** Asks an SMSC that offers query_sm what became of messages of which no final receipt came. */
export class QueryPartsWorker {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly queries: QueriesRepository,
    private readonly connectors: Connectors,
    private readonly recorder: PartNewsRecorder,
    log: Logger,
  ) {
    this.rounds = new Rounds(log, 'an SMSC could not be asked about its messages');
  }

  start(): void {
    this.rounds.every(lookIntervalMs, () => this.look(Date.now()));
    this.rounds.every(forgetIntervalMs, () => this.forget());
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private asking(): readonly Connector[] {
    return this.connectors.all().filter(({ settings }) => settings.queryAfterSeconds > 0);
  }

  private async look(nowMs: number): Promise<void> {
    for (const connector of this.asking()) {
      if (!connector.connection.isBound) continue;
      const nextAtMs = nowMs + connector.settings.queryAfterSeconds * 1_000;
      const due = await this.database.transaction((manager) => this.queries.take(manager, connector.name, nowMs, nextAtMs, queriesMax));
      for (const query of due) this.ask(connector, query);
    }
  }

  private ask({ name, settings: { profile }, connection }: Connector, { smscId, sender, receiver }: Query): void {
    connection.query({ message_id: smscId, source_addr: sender.replace('+', '') }, ({ command_status: status, message_state: messageState }: Pdu) => {
      if (status !== 0 || messageState === undefined) return;
      if (!isFinalDlr(outcomeOfReceipt({ messageState }, profile).dlr)) return;
      const receipt = { smscId, stat: null, err: null, messageState, receiver, receivedAtMs: Date.now() };
      this.recorder.record({ kind: 'receipt', connector: name, receipt, committed: () => undefined });
    });
  }

  private async forget(): Promise<void> {
    const asking = this.asking().map(({ name }) => name);
    await this.database.transaction((manager) => this.queries.forget(manager, asking));
  }
}
