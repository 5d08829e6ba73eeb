import type { Accepted, AcceptedSubmission, WithdrawnSubmission } from '@kwota/contracts/accepted.v1';
import { priorityDefault } from '@kwota/contracts/fields';
import { withdrawnOutcome } from '@kwota/delivery-codes';
import { PoisonMessage, TransientFailure } from '@kwota/messaging/failures';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { Spacing } from '@kwota/service-kit/spacing';
import { splitText } from '@kwota/sms-text';
import { Injectable } from '@nestjs/common';
import { StopList } from '@kwota/service-kit/stop-list';
import { Connectors } from '../connectors/connectors.js';
import { QuietHoursClock } from '../hold-quiet-hours/quiet-hours.clock.js';
import { stoppedReport } from '../obey-stops/stop-parts.handler.js';
import { PartReceiptsPublisher, type PartReport } from '../part-receipts.publisher.js';
import { routeOfReceiver } from '../route-parts/route-of-receiver.js';
import type { SubmitPartsWorker } from '../submit-parts/submit-parts.worker.js';
import { PartsRepository, type NewPart, type RoutedPartAddress } from '../parts.repository.js';

type Waiting = Readonly<{ taken: readonly NewPart[]; withdrawals: readonly WithdrawnSubmission[]; resolve: () => void; reject: (error: Error) => void }>;

type Claimable = Readonly<{ submitter: SubmitPartsWorker; parts: readonly NewPart[]; epoch: number }>;

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
    private readonly connectors: Connectors,
    private readonly quietHours: QuietHoursClock,
    private readonly stops: StopList,
  ) {}

  /**
   * Resolves when the batch, which may come twice, is in the queue. Batches of other partitions that come meanwhile share a transaction.
   * A withdrawal follows its message within the topic, so that taking all messages first changes nothing; what is not claimed by then is
   * never sent.
   * @throws PoisonMessage, TransientFailure
   */
  async take(batch: readonly Accepted[]): Promise<void> {
    const taken = batch.filter((message) => message.kind === 'accepted').flatMap((message) => this.partsOf(message));
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
    const reportOf = ({ connector, ...part }: RoutedPartAddress): PartReport => ({
      part,
      stage: 'withdrawn',
      outcome: withdrawnOutcome,
      atMs: atMs.get(part.messageId) ?? 0,
      raw: { connector },
    });
    const nowMs = Date.now();
    const isStopped = ({ account, receiver }: NewPart): boolean => this.stops.has(account, receiver);
    const stopped = taken.filter(isStopped);
    if (stopped.length > 0) taken = taken.filter((part) => !isStopped(part));
    const withdrawnIds = new Set(atMs.keys());
    const dueNow = taken.filter((part) => part.dueAtMs <= nowMs && part.validUntilMs > nowMs && !withdrawnIds.has(part.messageId));
    const claims = this.claimable(dueNow);
    const claimed = new Map<Claimable, readonly NewPart[]>();
    let added = 0;
    try {
      const stored = await this.database.transaction(async (manager) => {
        const addedByClaim = new Map<Claimable, readonly NewPart[]>();
        for (const claim of claims) addedByClaim.set(claim, await this.parts.add(manager, claim.parts, claim.epoch));
        const alreadyAdded = new Set(claims.flatMap(({ parts }) => parts));
        await this.parts.add(manager, taken.filter((part) => !alreadyAdded.has(part)));
        const withdrawn = await this.parts.withdraw(manager, [...withdrawnIds]);
        await this.receipts.report(manager, [...withdrawn.map(reportOf), ...stopped.map(({ messageId, part, parts, account, connector }) => stoppedReport({ messageId, part, parts, account, connector }))]);
        return addedByClaim;
      });
      for (const [claim, parts] of stored) {
        claimed.set(claim, parts);
        added += parts.length;
      }
    } finally {
      for (const claim of claims) claim.submitter.takeClaimed(claim.epoch, claim.parts.length, claimed.get(claim));
    }
    if (withdrawals.length > 0 || stopped.length > 0) this.receipts.relay();
    if (added < taken.length) this.connectors.wake();
  }

  /** What its connector has room for at once, by connector. */
  private claimable(dueNow: readonly NewPart[]): Claimable[] {
    return this.connectors.all().flatMap(({ name, submitter }): Claimable[] => {
      const parts = dueNow.filter(({ connector }) => connector === name);
      const epoch = parts.length > 0 ? submitter?.epochForNew(parts.length) : undefined;
      return epoch === undefined || !submitter ? [] : [{ submitter, parts, epoch }];
    });
  }

  /** One row a part and receiver; the STOP clause is put in here, since the text came without it. */
  private partsOf(submission: AcceptedSubmission): NewPart[] {
    const { account, sender, coding, messageClass, priority = priorityDefault, validUntilMs, acceptedAtMs, deferredUntilMs = acceptedAtMs } = submission;
    const texts = splitText(submission.text, { coding, stopClause: !submission.noStop });
    // What is sent must be what was charged: a difference means that two versions count differently.
    if (texts.length !== submission.parts) throw new PoisonMessage('split', `charged as ${submission.parts} parts, but it takes ${texts.length}`);
    const dueAtMs = submission.noStop ? deferredUntilMs : this.quietHours.allowedFromMs(deferredUntilMs);
    const routes = this.connectors.routes();
    return submission.messages.flatMap(({ messageId, receiver }) => {
      const connector = routeOfReceiver(receiver, messageId, routes);
      return texts.map((text, index) => ({
        messageId,
        part: index + 1,
        parts: texts.length,
        account,
        receiver,
        sender,
        text,
        coding,
        messageClass: messageClass ?? null,
        priority,
        dueAtMs,
        commercial: !submission.noStop,
        validUntilMs,
        connector,
      }));
    });
  }
}

const withdrawnAtMsById = (withdrawals: readonly WithdrawnSubmission[]): Map<number, number> =>
  new Map(withdrawals.flatMap(({ messageIds, withdrawnAtMs }) => messageIds.map((messageId) => [messageId, withdrawnAtMs])));
