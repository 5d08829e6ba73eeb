import type { MessageFromPhone } from '@kwota/contracts/incoming.v1';
import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import { randomUUID } from 'node:crypto';
import type { Pdu } from 'smpp';
import type { EntityManager } from 'typeorm';
import { deliverSmAnswers } from '../connect-smsc/deliver-sm-answers.js';
import { JoinIncomingHandler } from '../join-incoming/join-incoming.handler.js';
import { IncomingPublisher } from './incoming.publisher.js';
import { messageOfDeliverSm, type MessageOfPhone } from './message-of-deliver-sm.js';
import { partOfDeliverSm, type PartOfMessage } from './part-of-deliver-sm.js';

/** Not yet durable at which the SMSC is told to wait. */
const unwrittenMax = 1_000;

/** Messages from phones, on their way to dlr. One in a single part that the SMSC sends again, because our answer was lost, comes twice. */
export class ReceiveIncomingOnDeliverSm {
  private unwritten = 0;
  private readonly refused;

  constructor(
    private readonly joining: JoinIncomingHandler,
    private readonly publisher: IncomingPublisher,
    private readonly log: Logger,
    metrics: Metrics,
  ) {
    this.refused = metrics.counter('kwota_carrier_deliver_sm_refused_total', 'deliver_sm that are neither receipts nor from a number');
  }

  /** The answer goes out when the message, or its part, is durable, never before: then the SMSC forgets it. */
  receive(connector: string, pdu: Pdu, answer: (commandStatus: number) => void): void {
    const message = messageOfDeliverSm(pdu);
    if (!message) {
      this.refused.inc();
      this.log.warn({ esmClass: pdu.esm_class }, 'a deliver_sm that is neither a receipt nor from a number is refused');
      answer(deliverSmAnswers.never);
    } else if (this.unwritten >= unwrittenMax) answer(deliverSmAnswers.later);
    else void this.keep(connector, message, partOfDeliverSm(pdu)).then(answer);
  }

  private async keep(connector: string, message: MessageOfPhone, part: PartOfMessage | undefined): Promise<number> {
    this.unwritten += 1;
    try {
      await this.publisher.publish((manager) => this.messagesWith(manager, connector, message, part));
      return deliverSmAnswers.taken;
    } catch (error) {
      this.log.error({ err: { type: (error as Error).name } }, 'a message from a phone could not be stored; the SMSC keeps it');
      return deliverSmAnswers.later;
    } finally {
      this.unwritten -= 1;
    }
  }

  private async messagesWith(manager: EntityManager, connector: string, message: MessageOfPhone, part: PartOfMessage | undefined): Promise<MessageFromPhone[]> {
    const receivedAtMs = Date.now();
    if (part) return this.joining.take(manager, connector, message, part, receivedAtMs);
    return [{ kind: 'received', incomingId: randomUUID(), account: null, userId: null, messageId: null, ...message, connector, receivedAtMs }];
  }
}
