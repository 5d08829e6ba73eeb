import { incoming, type MessageFromPhone } from '@kwota/contracts/incoming.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Metrics } from '@kwota/service-kit/metrics';
import { Outbox } from '@kwota/service-kit/outbox';
import type { EntityManager } from 'typeorm';

/** Puts messages from phones in the outbox, in the transaction that makes them. */
export class IncomingPublisher {
  private readonly received;
  private readonly incomplete;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly outbox: Outbox,
    metrics: Metrics,
  ) {
    this.received = metrics.counter('kwota_carrier_incoming_total', 'Messages from phones');
    this.incomplete = metrics.counter('kwota_carrier_incoming_incomplete_total', 'Messages from phones of which not all parts came');
  }

  /** Resolves when what `work` gives, and all that it changes, is durable. */
  async publish(work: (manager: EntityManager) => Promise<readonly MessageFromPhone[]>): Promise<void> {
    const messages = await this.database.transaction(async (manager) => {
      const made = await work(manager);
      await this.outbox.add(manager, made.map((message) => incoming.message(message, { id: message.incomingId, source: 'kwota/carrier' })));
      return made;
    });
    this.outbox.relay();
    this.received.inc({}, messages.length);
    this.incomplete.inc({}, messages.filter(({ partsMissing }) => partsMissing !== undefined).length);
  }
}
