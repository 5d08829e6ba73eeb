import type { Accepted, AcceptedSubmission, WithdrawnSubmission } from '@kwota/contracts/accepted.v1';
import { withdrawnOutcome } from '@kwota/delivery-codes';
import { PoisonMessage, TransientFailure } from '@kwota/messaging/failures';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { Spacing } from '@kwota/service-kit/spacing';
import { splitText } from '@kwota/sms-text';
import { Injectable } from '@nestjs/common';
import { connector } from '../connect-smsc/smsc.connection.js';
import { PartReceiptsPublisher, type PartReport } from '../part-receipts.publisher.js';
import { PartsRepository, type NewPart, type PartAddress } from '../parts.repository.js';
import { SubmitPartsWorker } from '../submit-parts/submit-parts.worker.js';

type Waiting = Readonly<{ taken: readonly NewPart[]; withdrawals: readonly WithdrawnSubmission[]; resolve: () => void; reject: (error: Error) => void }>;

/** On SQLite a transaction is over before the next partition's batch can be handed over: a turn of its own lets them share one. */
const spacingMs = 20;

@Injectable()
export class TakeMessagesHandler {
  private waiting: Waiting[] = [];
  private readonly spacing = new Spacing(spacingMs);
  private isRunning = false;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly parts: PartsRepository,
    private readonly receipts: PartReceiptsPublisher,
    private readonly submitter: SubmitPartsWorker,
  ) {}

  /**
   * Resolves when the batch, which may come twice, is in the queue. Batches of other partitions that come meanwhile share a transaction.
   * A withdrawal follows its message within the topic, so that taking all messages first changes nothing; what is not claimed by then is
   * never sent.
   * @throws PoisonMessage, TransientFailure
   */
  async take(batch: readonly Accepted[]): Promise<void> {
    const taken = batch.filter((message) => message.kind === 'accepted').flatMap(partsOf);
    const withdrawals = batch.filter((message) => message.kind === 'withdrawn');
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ taken, withdrawals, resolve, reject });
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) {
      await this.spacing.turn();
      const together = this.waiting;
      this.waiting = [];
      try {
        await this.store(together.flatMap(({ taken }) => taken), together.flatMap(({ withdrawals }) => withdrawals));
        for (const { resolve } of together) resolve();
      } catch (error) {
        // A full disk is no fault of the messages: they wait, however long it takes.
        const failure = new TransientFailure('store', (error as Error).name, { cause: error });
        for (const { reject } of together) reject(failure);
      }
    }
    this.isRunning = false;
  }

  private async store(taken: readonly NewPart[], withdrawals: readonly WithdrawnSubmission[]): Promise<void> {
    const atMs = withdrawnAtMsById(withdrawals);
    const reportOf = (part: PartAddress): PartReport => ({
      part,
      stage: 'withdrawn',
      outcome: withdrawnOutcome,
      atMs: atMs.get(part.messageId) ?? 0,
      raw: { connector },
    });
    const nowMs = Date.now();
    const withdrawnIds = new Set(atMs.keys());
    const dueNow = taken.filter((part) => part.dueAtMs <= nowMs && part.validUntilMs > nowMs && !withdrawnIds.has(part.messageId));
    const epoch = dueNow.length > 0 ? this.submitter.epochForNew(dueNow.length) : undefined;
    let claimed: readonly NewPart[] | undefined;
    try {
      claimed = await this.database.transaction(async (manager) => {
        const added = epoch === undefined ? [] : await this.parts.add(manager, dueNow, epoch);
        const alreadyAdded = new Set(epoch === undefined ? [] : dueNow);
        await this.parts.add(manager, taken.filter((part) => !alreadyAdded.has(part)));
        const withdrawn = await this.parts.withdraw(manager, [...withdrawnIds]);
        await this.receipts.report(manager, withdrawn.map(reportOf));
        return added;
      });
    } finally {
      if (epoch !== undefined) this.submitter.takeClaimed(epoch, dueNow.length, claimed);
    }
    if (withdrawals.length > 0) this.receipts.relay();
    if (claimed.length < taken.length) this.submitter.wake();
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
