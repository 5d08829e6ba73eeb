import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import type { Pdu } from 'smpp';
import { deliverSmAnswers } from '../connect-smsc/deliver-sm-answers.js';
import { PartNewsRecorder } from '../record-news/part-news.recorder.js';
import { ReceiveIncomingOnDeliverSm } from '../receive-incoming/receive-incoming.on-deliver-sm.js';
import { isFromPhone, receiptOfDeliverSm } from './receipt-of-deliver-sm.js';

/** Receipts not yet durable at which the SMSC is told to wait. */
const backlogMax = 10_000;

export class ReceiveReceiptsOnDeliverSm {
  private readonly refused;

  constructor(
    private readonly recorder: PartNewsRecorder,
    private readonly incoming: ReceiveIncomingOnDeliverSm,
    private readonly log: Logger,
    metrics: Metrics,
  ) {
    this.refused = metrics.counter('kwota_carrier_receipts_refused_total', 'Receipts that name no message');
  }

  /** The answer goes out when the receipt is durable, never before: then the SMSC forgets it. */
  receive(connector: string, pdu: Pdu, answer: (commandStatus: number) => void): void {
    if (isFromPhone(pdu)) return this.incoming.receive(connector, pdu, answer);
    const receipt = receiptOfDeliverSm(pdu, Date.now());
    if (!receipt) {
      this.refused.inc();
      this.log.warn({ esmClass: pdu.esm_class }, 'a receipt that names no message is refused');
      answer(deliverSmAnswers.never);
    } else if (this.recorder.unwrittenReceipts >= backlogMax) answer(deliverSmAnswers.later);
    else this.recorder.record({ kind: 'receipt', connector, receipt, committed: () => answer(deliverSmAnswers.taken) });
  }
}
