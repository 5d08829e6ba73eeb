import type { Accepted, AcceptedSubmission, WithdrawnSubmission } from '@kwota/contracts/accepted.v1';
import { withdrawnOutcome } from '@kwota/delivery-codes';
import { PoisonMessage, TransientFailure } from '@kwota/messaging/failures';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { splitText } from '@kwota/sms-text';
import { Injectable } from '@nestjs/common';
import { connector } from '../connect-smsc/smsc.connection.js';
import { PartReceiptsPublisher, type PartReport } from '../part-receipts.publisher.js';
import { PartsRepository, type NewPart } from '../parts.repository.js';
import { SubmitPartsWorker } from '../submit-parts/submit-parts.worker.js';

@Injectable()
export class TakeMessagesHandler {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly parts: PartsRepository,
    private readonly receipts: PartReceiptsPublisher,
    private readonly submitter: SubmitPartsWorker,
  ) {}

  /**
   * One transaction for the batch, which may come twice. A withdrawal follows its message within the topic, so that taking all messages
   * first changes nothing; what is not claimed by then is never sent.
   */
  async take(batch: readonly Accepted[]): Promise<void> {
    const taken = batch.filter((message) => message.kind === 'accepted').flatMap(partsOf);
    const withdrawals = batch.filter((message) => message.kind === 'withdrawn');
    const stored = this.database.transaction(async (manager) => {
      await this.parts.add(manager, taken);
      const withdrawn = await this.parts.withdraw(manager, withdrawals.flatMap(({ messageIds }) => messageIds));
      const atMs = withdrawnAtMsById(withdrawals);
      const report = (part: (typeof withdrawn)[number]): PartReport => ({
        part,
        stage: 'withdrawn',
        outcome: withdrawnOutcome,
        atMs: atMs.get(part.messageId) ?? 0,
        raw: { connector },
      });
      await this.receipts.report(manager, withdrawn.map(report));
    });
    await stored.catch((error: Error) => {
      // A full disk is no fault of the messages: they wait, however long it takes.
      throw new TransientFailure('store', error.name, { cause: error });
    });
    if (withdrawals.length > 0) this.receipts.relay();
    this.submitter.wake();
  }
}

const withdrawnAtMsById = (withdrawals: readonly WithdrawnSubmission[]): Map<number, number> =>
  new Map(withdrawals.flatMap(({ messageIds, withdrawnAtMs }) => messageIds.map((messageId) => [messageId, withdrawnAtMs])));

/** One row a part and receiver; the STOP clause is put in here, since the text came without it. */
const partsOf = (submission: AcceptedSubmission): NewPart[] => {
  const { account, sender, coding, messageClass, validUntilMs, acceptedAtMs, deferredUntilMs = acceptedAtMs } = submission;
  const texts = splitText(submission.text, { coding, stopClause: !submission.noStop });
  // What is sent must be what was charged: a difference means that two versions count differently.
  if (texts.length !== submission.parts) throw new PoisonMessage('split', `charged as ${submission.parts} parts, but it takes ${texts.length}`);
  return submission.messages.flatMap(({ messageId, receiver }) =>
    texts.map((text, index) => ({
      messageId,
      part: index + 1,
      parts: texts.length,
      account,
      receiver,
      sender,
      text,
      coding,
      messageClass: messageClass ?? null,
      dueAtMs: deferredUntilMs,
      validUntilMs,
    })),
  );
};
