import { incoming } from '@kwota/contracts/incoming.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import { Outbox } from '@kwota/service-kit/outbox';
import { randomUUID } from 'node:crypto';
import type { Pdu } from 'smpp';
import { messageOfDeliverSm } from './message-of-deliver-sm.js';

/** Not yet durable at which the SMSC is told to wait: it keeps them and sends them again. */
const unwrittenMax = 1_000;
const commandStatus = { ok: 0x00, messageQueueFull: 0x14, permanentAppError: 0x65 };

/** Messages from phones, on their way to dlr. What the SMSC sends again because our answer was lost comes twice. */
export class ReceiveIncomingOnDeliverSm {
  private unwritten = 0;
  private readonly received;
  private readonly refused;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly outbox: Outbox,
    private readonly log: Logger,
    metrics: Metrics,
  ) {
    this.received = metrics.counter('kwota_carrier_incoming_total', 'Messages from phones');
    this.refused = metrics.counter('kwota_carrier_deliver_sm_refused_total', 'deliver_sm that are neither receipts nor from a number');
  }

  /** The answer goes out when the message is durable, never before: then the SMSC forgets it. */
  receive(connector: string, pdu: Pdu, answer: (commandStatus: number) => void): void {
    const message = messageOfDeliverSm(pdu);
    if (!message) {
      this.refused.inc();
      this.log.warn({ esmClass: pdu.esm_class }, 'a deliver_sm that is neither a receipt nor from a number is refused');
      answer(commandStatus.permanentAppError);
    } else if (this.unwritten >= unwrittenMax) answer(commandStatus.messageQueueFull);
    else void this.keep(connector, message).then(answer);
  }

  private async keep(connector: string, message: NonNullable<ReturnType<typeof messageOfDeliverSm>>): Promise<number> {
    this.unwritten += 1;
    const incomingId = randomUUID();
    const received = { kind: 'received', incomingId, account: null, userId: null, messageId: null, ...message, connector, receivedAtMs: Date.now() } as const;
    try {
      await this.database.transaction((manager) => this.outbox.add(manager, [incoming.message(received, { id: incomingId, source: 'kwota/carrier' })]));
      this.outbox.relay();
      this.received.inc();
      return commandStatus.ok;
    } catch (error) {
      this.log.error({ err: { type: (error as Error).name } }, 'a message from a phone could not be stored; the SMSC keeps it');
      return commandStatus.messageQueueFull;
    } finally {
      this.unwritten -= 1;
    }
  }
}
