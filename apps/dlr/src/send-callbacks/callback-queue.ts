// Puts callbacks in the queue, in the transaction that changes their message.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CallbackSettingsRepository } from '../set-callbacks/callback-settings.repository.js';
import type { MessageChange } from '../track-messages/message-change.js';
import { blockedUntilMs, CallbackQueueRepository, callbackState, type CallbackState, type QueuedCallback } from './callback-queue.repository.js';
import { CallbackSender } from './callback.sender.js';

type QueueRow = { callback: QueuedCallback; state: CallbackState; nextAttemptAtMs: number };

/** For the sender, after the commit. */
export type Queued = Readonly<{
  /** To be sent now, from memory. */
  taken: readonly QueuedCallback[];
  /** In the table alone, and due: their origins have enough in memory. */
  waitingOrigins: readonly string[];
  /** Of these messages, what is in memory is superseded. */
  supersededMessageIds: readonly number[];
}>;

@Injectable()
export class CallbackQueue {
  constructor(
    private readonly queue: CallbackQueueRepository,
    private readonly settings: CallbackSettingsRepository,
    private readonly sender: CallbackSender,
  ) {}

  /** `changes` in order; those without a URL are left out. */
  async add(manager: EntityManager, changes: readonly MessageChange[], nowMs: number): Promise<Queued> {
    const byMessage = new Map<number, QueuedCallback[]>();
    for (const change of changes) {
      const callback = this.callbackOf(change);
      if (callback) byMessage.set(callback.messageId, [...(byMessage.get(callback.messageId) ?? []), callback]);
    }
    if (byMessage.size === 0) return { taken: [], waitingOrigins: [], supersededMessageIds: [] };
    const ended: number[] = [];
    const goingOn: number[] = [];
    for (const [messageId, callbacks] of byMessage) {
      const hasEarlier = (callbacks[0]?.sequence ?? 1) > 1;
      if (hasEarlier) (callbacks.some(({ final }) => final) ? ended : goingOn).push(messageId);
    }
    const { epoch, isShared } = this.sender;
    await this.queue.supersede(manager, ended, epoch);
    // Of several dlrs another may have an earlier one in memory: what follows waits for it there, or they would come out of order.
    const blocked = await this.queue.findOpen(manager, isShared ? [...goingOn, ...ended] : goingOn);
    const rows: QueueRow[] = [];
    const taken: QueuedCallback[] = [];
    const waitingOrigins = new Set<string>();
    const newInMemory = new Map<string, number>();
    for (const [messageId, callbacks] of byMessage) {
      const firstToSend = callbacks.findLastIndex(({ final }) => final);
      callbacks.forEach((callback, index) => {
        if (index < firstToSend) {
          rows.push({ callback, state: callbackState.superseded, nextAttemptAtMs: nowMs });
          return;
        }
        if (blocked.has(messageId) || index > Math.max(firstToSend, 0)) {
          rows.push({ callback, state: callbackState.waiting, nextAttemptAtMs: blockedUntilMs });
          return;
        }
        const { origin } = callback;
        const alreadyTaken = newInMemory.get(origin) ?? 0;
        const fits = this.sender.roomFor(origin) > alreadyTaken;
        if (fits) taken.push(callback);
        else waitingOrigins.add(origin);
        newInMemory.set(origin, alreadyTaken + 1);
        rows.push({ callback, state: fits ? callbackState.taken : callbackState.waiting, nextAttemptAtMs: nowMs });
      });
    }
    await this.queue.add(manager, rows);
    return { taken, waitingOrigins: [...waitingOrigins], supersededMessageIds: ended };
  }

  private callbackOf({ address: { account, userId, messageId }, state, atMs }: MessageChange): QueuedCallback | undefined {
    const url = this.settings.urlFor({ account, userId });
    if (url === null) return undefined;
    const { sequence, ptt, dlr, final } = state;
    const { epoch } = this.sender;
    return { messageId, sequence, account, userId, url, origin: new URL(url).origin, ptt, dlr, final, atMs, attempts: [], attemptsBefore: 0, epoch };
  }
}
