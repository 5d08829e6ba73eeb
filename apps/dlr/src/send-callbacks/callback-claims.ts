// Several dlrs on one database: which callbacks are in this one's memory, and what others have left in the table.
import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CallbackQueueRepository, type CallbackId, type QueuedCallback } from './callback-queue.repository.js';

/** Due for so long and not taken: nobody has it in mind, or who has does not keep up. */
const overdueMs = 5_000;

export type ClaimsListener = Readonly<{
  /** Callbacks of the origin wait in the table for that time. */
  onDue: (origin: string, atMs: number) => void;
  /** Others have taken over what was in memory. */
  onLost: () => void;
}>;

@Injectable()
export class CallbackClaims {
  /** Taken, and what became of it is not durable yet. */
  private readonly held = new Set<string>();
  private isInDoubt = false;
  /** What was taken by nobody who lives waits for these. */
  private readonly releasedOrigins = new Set<string>();

  constructor(
    private readonly database: ServiceDatabase,
    private readonly queue: CallbackQueueRepository,
    private readonly claims: InstanceClaims,
  ) {}

  /** There may be other instances. */
  get isShared(): boolean {
    return this.database.isShared;
  }

  get epoch(): number {
    return this.claims.epoch;
  }

  /** What is in memory is nobody else's. */
  get isSure(): boolean {
    return this.claims.isSure;
  }

  /** Takes over what an earlier process left, and on PostgreSQL from now on what dead ones leave. */
  async start({ onDue, onLost }: ClaimsListener): Promise<void> {
    await this.claims.start({
      release: (manager) => this.release(manager),
      onLost: () => {
        this.held.clear();
        onLost();
      },
      onLook: async () => {
        await this.putBackForgotten();
        const nowMs = Date.now();
        const overdue = await this.database.read((manager) => this.queue.overdueOrigins(manager, nowMs - overdueMs));
        for (const origin of [...this.releasedOrigins, ...overdue]) onDue(origin, nowMs);
        this.releasedOrigins.clear();
      },
    });
    for (const [origin, dueAtMs] of await this.database.read((manager) => this.queue.waitingOrigins(manager))) onDue(origin, dueAtMs);
  }

  /** An origin's next due callbacks, and when the one behind them is due. */
  async take(origin: string, nowMs: number, rowsMax: number): Promise<{ callbacks: QueuedCallback[]; nextDueAtMs: number | undefined }> {
    const { epoch } = this;
    try {
      return await this.database.transaction(async (manager) => {
        const callbacks = await this.queue.take(manager, origin, nowMs, rowsMax, epoch);
        return { callbacks, nextDueAtMs: await this.queue.nextDueAtMs(manager, origin) };
      });
    } catch (error) {
      this.doubt();
      throw error;
    }
  }

  /** False: its epoch has ended meanwhile, and it waits in the table. */
  hold(callback: QueuedCallback): boolean {
    if (callback.epoch !== this.epoch) return false;
    if (this.isShared) this.held.add(keyOf(callback));
    return true;
  }

  settle(callbacks: readonly QueuedCallback[]): void {
    if (this.isShared) for (const callback of callbacks) if (callback.epoch === this.epoch) this.held.delete(keyOf(callback));
  }

  /** A transaction that took some failed: it may have been committed all the same. */
  doubt(): void {
    this.isInDoubt = true;
  }

  private async putBackForgotten(): Promise<void> {
    if (!this.isInDoubt) return;
    this.isInDoubt = false;
    try {
      const origins = await this.database.transaction(async (manager) => {
        const taken = await this.queue.takenUnder(manager, this.epoch);
        return this.queue.putBack(manager, taken.filter((id) => !this.held.has(keyOf(id))));
      });
      for (const origin of origins) this.releasedOrigins.add(origin);
    } catch (error) {
      this.doubt();
      throw error;
    }
  }

  private async release(manager: EntityManager): Promise<void> {
    const released = await this.queue.release(manager);
    if (!this.isShared) return;
    const followed = await this.queue.followOn(manager, [...new Set(released.map(({ messageId }) => messageId))], Date.now());
    for (const origin of [...released.map(({ origin }) => origin), ...followed]) this.releasedOrigins.add(origin);
  }
}

const keyOf = ({ messageId, sequence }: CallbackId): string => `${messageId}.${sequence}`;
