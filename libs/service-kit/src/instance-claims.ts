// What a process has claimed, so that no other does it too: claims name the process's epoch, and epochs tell who lives.
import type { EntityManager } from 'typeorm';
import type { ServiceDatabase } from './database.js';
import { DeadEpochs } from './dead-epochs.js';
import { EpochLock, newEpoch } from './epoch-lock.js';
import type { Logger } from './logger.js';
import { run } from './sql.js';

/** What a service claims and how it lets go. */
export type Claimant = Readonly<{
  /** Claims whose epoch has no row in instance_epoch are nobody's: puts them back, in the transaction that deletes the rows. */
  release: (manager: EntityManager) => Promise<void>;
  /** Others have taken over what this process had claimed: it is to forget it. */
  onLost: () => void;
  /** PostgreSQL, every two seconds: time to look for work that nobody else has in mind. */
  onLook: () => Promise<void>;
}>;

/** Without a sign for so long an epoch is dead: a blip of its connection costs nothing. A process that was killed is found after 5 to 9 s. */
export const graceMs = 5_000;
const lookIntervalMs = 2_000;
const lookAgainMs = 250;
/** From the question that the server answered; less than the grace, in which nobody takes over, by what may pass between asking and acting. */
const sureMs = 4_000;
/** A claim that was committed late, after its epoch had ended, waits so long. */
const releaseIntervalMs = 60_000;

/**
 * On SQLite, where one process has the database, each start ends all earlier epochs. On PostgreSQL an epoch lives as long as its lock
 * (epoch-lock.ts) is held, or was within the grace.
 */
export class InstanceClaims {
  private claimant: Claimant | undefined;
  private sureUntilMs: number;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  /** Apart from the looks: it may wait for its turn for longer than claims are sure. */
  private takingOver: Promise<boolean> | undefined;
  private stopped = false;
  private isInTrouble = false;
  private readonly deadEpochs = new DeadEpochs(graceMs, lookIntervalMs);
  private releasedAtMs = -Infinity;

  private constructor(
    private readonly database: ServiceDatabase,
    private readonly log: Logger,
    private readonly lock: EpochLock | undefined,
    private current: number,
    askedAtMs: number,
  ) {
    this.sureUntilMs = lock ? askedAtMs + sureMs : Infinity;
  }

  /** Takes a new epoch. */
  static async open(database: ServiceDatabase, log: Logger): Promise<InstanceClaims> {
    const askedAtMs = performance.now();
    const lock = database.isShared ? new EpochLock(database) : undefined;
    const epoch = lock ? await lock.take() : await database.transaction(newEpoch);
    return new InstanceClaims(database, log, lock, epoch, askedAtMs);
  }

  get epoch(): number {
    return this.current;
  }

  /** Nobody can have taken over what is claimed under the epoch: it may be acted on. */
  get isSure(): boolean {
    return performance.now() < this.sureUntilMs;
  }

  /** Takes over what is certainly nobody's; on PostgreSQL again and again. */
  async start(claimant: Claimant): Promise<void> {
    this.claimant = claimant;
    if (this.lock) {
      await this.look();
      await this.takingOver;
      return;
    }
    await this.database.transaction(async (manager) => {
      await run(manager, 'DELETE FROM instance_epoch WHERE epoch <> ?', [this.current]);
      await claimant.release(manager);
    });
  }

  /** What is still claimed is everybody's from now on: nothing may act on it any more. */
  async close(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
    await this.takingOver;
    this.sureUntilMs = -Infinity;
    // Where that fails, the others wait for the grace.
    await this.lock?.giveUp(this.current).catch(() => undefined);
  }

  private look(): Promise<void> {
    this.looking = this.attempt(() => this.holdOn()).then((isHeld) => {
      if (isHeld) this.takingOver ??= this.attempt(() => this.takeOver()).finally(() => (this.takingOver = undefined));
      if (!this.stopped) this.timer = setTimeout(() => void this.look(), isHeld ? lookIntervalMs : lookAgainMs);
    });
    return this.looking;
  }

  private async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.deadEpochs.startOver();
      if (!this.isInTrouble) this.log.warn({ err: { type: (error as Error).name } }, 'the look for what other instances left failed; trying again');
      this.isInTrouble = true;
      return false;
    }
  }

  private async holdOn(): Promise<void> {
    if (!this.lock) return;
    const askedAtMs = performance.now();
    if (!(await this.lock.confirm(this.current))) {
      const epoch = await this.lock.take();
      this.log.warn({ epoch }, 'others have taken over what this instance had claimed; it goes on under a new epoch');
      this.current = epoch;
      this.releasedAtMs = -Infinity;
      this.claimant?.onLost();
    }
    this.sureUntilMs = askedAtMs + sureMs;
  }

  private async takeOver(): Promise<void> {
    const { lock, claimant, current } = this;
    if (!lock || !claimant) return;
    const free = await this.database.read((manager) => lock.free(manager, current));
    const nowMs = performance.now();
    const dead = this.deadEpochs.among(free, nowMs);
    if (dead.length > 0 || nowMs - this.releasedAtMs >= releaseIntervalMs) {
      await this.database.transaction(async (manager) => {
        if (dead.length > 0) await lock.end(manager, dead);
        await claimant.release(manager);
      });
      // Unless its own epoch has ended meanwhile: then there may be more.
      if (current === this.current) this.releasedAtMs = nowMs;
      if (dead.length > 0) this.log.info({ epochs: dead }, 'took over what other instances had claimed');
    }
    await claimant.onLook();
    this.isInTrouble = false;
  }
}
