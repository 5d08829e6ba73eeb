// Messages, withdrawals and receipts → states, events and callbacks. Partitions share a transaction: what comes while one runs is in the next.
import type { AcceptedSubmission, WithdrawnSubmission } from '@kwota/contracts/accepted.v1';
import { delivery } from '@kwota/contracts/delivery.v1';
import type { PartReceipt } from '@kwota/contracts/receipts.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { Outbox } from '@kwota/service-kit/outbox';
import { Spacing } from '@kwota/service-kit/spacing';
import type { EntityManager } from 'typeorm';
import { applyReceipt, billedParts, endForSilence, withdraw, type StateChange } from '../message-state/message-state.js';
import { MessagesRepository, type OverdueMessage, type TrackedMessage } from '../messages.repository.js';
import { CallbackQueue, type Queued } from '../send-callbacks/callback-queue.js';
import { CallbackSender } from '../send-callbacks/callback.sender.js';
import type { MessageChange } from './message-change.js';

export type TrackedNews = Readonly<{
  submissions?: readonly AcceptedSubmission[];
  withdrawals?: readonly WithdrawnSubmission[];
  receipts?: readonly PartReceipt[];
}>;
type Waiting = Required<TrackedNews> & Readonly<{ resolve: () => void; reject: (error: Error) => void }>;

/** After a pause the next transaction begins at once, else so much later: many share it, and nobody waits for what it does. */
const spacingMs = 20;

export class TrackMessagesHandler {
  private waiting: Waiting[] = [];
  private isRunning = false;
  private readonly spacing = new Spacing(spacingMs);

  private constructor(
    private readonly database: ServiceDatabase,
    private readonly messages: MessagesRepository,
    private readonly outbox: Outbox,
    private readonly callbacks: CallbackQueue,
    private readonly sender: CallbackSender,
    private earlyKept: number,
  ) {}

  static async open(
    database: ServiceDatabase,
    messages: MessagesRepository,
    outbox: Outbox,
    callbacks: CallbackQueue,
    sender: CallbackSender,
  ): Promise<TrackMessagesHandler> {
    const earlyKept = await database.read((manager) => messages.countEarly(manager));
    return new TrackMessagesHandler(database, messages, outbox, callbacks, sender, earlyKept);
  }

  /** Resolves when all of it is durable. It may come twice. @throws TransientFailure when the store is out of reach. */
  take({ submissions = [], withdrawals = [], receipts = [] }: TrackedNews): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ submissions, withdrawals, receipts, resolve, reject });
      if (!this.isRunning) void this.run();
    });
  }

  findOverdue(beforeMs: number, after: OverdueMessage | undefined, rowsMax: number): Promise<OverdueMessage[]> {
    return this.database.read((manager) => this.messages.findOverdue(manager, beforeMs, after, rowsMax));
  }

  /** Ends those that got no receipt within their validity, and none since they were looked for. */
  async endSilent(messageIds: readonly number[], nowMs: number): Promise<void> {
    if (messageIds.length === 0) return;
    await this.committing(nowMs, async (manager, book) => {
      for (const message of (await this.messages.findStates(manager, messageIds)).values()) book.know(message);
      for (const messageId of messageIds) book.apply(messageId, (state) => endForSilence(state, nowMs), nowMs);
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) {
      await this.spacing.turn();
      const together = this.waiting;
      this.waiting = [];
      try {
        await this.store(together);
        for (const { resolve } of together) resolve();
      } catch (error) {
        const failure = new TransientFailure('store', (error as Error).name, { cause: error });
        for (const { reject } of together) reject(failure);
      }
    }
    this.isRunning = false;
  }

  private async store(together: readonly Waiting[]): Promise<void> {
    const submissions = together.flatMap((news) => news.submissions);
    const withdrawals = together.flatMap((news) => news.withdrawals);
    const received = together.flatMap((news) => news.receipts);
    const nowMs = Date.now();
    const early = await this.committing(nowMs, async (manager, book) => {
      await this.messages.add(manager, submissions);
      const newIds = submissions.flatMap(({ messages }) => messages.map(({ messageId }) => messageId));
      // Another instance may have kept some, before its partitions came here.
      const kept = this.earlyKept > 0 || this.database.isShared ? await this.messages.takeEarly(manager, newIds) : [];
      const receipts = [...kept, ...received];
      const ids = new Set([...receipts.map(({ messageId }) => messageId), ...withdrawals.flatMap(({ messageIds }) => messageIds)]);
      for (const message of (await this.messages.findStates(manager, [...ids])).values()) book.know(message);
      for (const { messageIds, withdrawnAtMs } of withdrawals)
        for (const messageId of messageIds) book.apply(messageId, (state) => withdraw(state, withdrawnAtMs), withdrawnAtMs);
      const tooEarly = receipts.filter(({ messageId }) => !book.knows(messageId));
      for (const receipt of receipts) book.apply(receipt.messageId, (state) => applyReceipt(state, receipt), receipt.atMs);
      await this.messages.keepEarly(manager, tooEarly, nowMs);
      return tooEarly.length - kept.length;
    });
    this.earlyKept += early;
  }

  /** One transaction: what `work` changes in the book, the events of it, and their callbacks. */
  private async committing<Result>(nowMs: number, work: (manager: EntityManager, book: StateBook) => Promise<Result>): Promise<Result> {
    const { result, queued, announced } = await this.database.transaction(async (manager) => {
      const book = new StateBook();
      const result = await work(manager, book);
      await this.messages.updateStates(manager, book.changed());
      await this.outbox.add(manager, book.changes.map(eventOf));
      const queued: Queued = await this.callbacks.add(manager, book.changes, nowMs);
      return { result, queued, announced: book.changes.length };
    }).catch((error: unknown) => {
      this.sender.doubt();
      throw error;
    });
    if (announced > 0) this.outbox.relay();
    this.sender.offer(queued);
    return result;
  }
}

/** The states that a transaction looks at, as they move. */
class StateBook {
  readonly changes: MessageChange[] = [];
  private readonly known = new Map<number, TrackedMessage>();
  private readonly touched = new Set<number>();

  know(message: TrackedMessage): void {
    this.known.set(message.address.messageId, message);
  }

  knows(messageId: number): boolean {
    return this.known.has(messageId);
  }

  apply(messageId: number, move: (state: TrackedMessage['state']) => StateChange | undefined, atMs: number): void {
    const message = this.known.get(messageId);
    const change = message && move(message.state);
    if (!change) return;
    const { address } = message;
    this.known.set(messageId, { address, state: change.state });
    this.touched.add(messageId);
    if (change.announced) this.changes.push({ address, state: change.state, atMs });
  }

  changed(): TrackedMessage[] {
    return [...this.touched].map((messageId) => this.known.get(messageId) as TrackedMessage);
  }
}

const eventOf = ({ address: { account, userId, messageId }, state, atMs }: MessageChange) => {
  const { sequence, ptt, dlr, final, silent, submitted } = state;
  return delivery.message(
    { type: 'MessageStateChanged', account, userId, messageId, sequence, ptt, dlr, final, silent, submitted, parts: billedParts(state), atMs },
    { id: `${messageId}.${sequence}`, source: 'kwota/dlr' },
  );
};
