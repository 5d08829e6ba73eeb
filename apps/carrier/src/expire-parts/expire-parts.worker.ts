import { expiredOutcome, silentOutcome } from '@kwota/delivery-codes';
import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import { PartReceiptsPublisher } from '../part-receipts.publisher.js';
import { PartsRepository, partState } from '../parts.repository.js';
import { SubmittedPartsRepository } from '../submitted-parts.repository.js';

const lookIntervalMs = 1_000;
const cleanIntervalMs = 60 * 60 * 1_000;
/** A late receipt finds its message for so long after the validity. */
const keptMs = 7 * 24 * 60 * 60 * 1_000;
const partsMax = 500;
/** Looked at in one transaction of the clean-up: a few milliseconds. */
const cleanRowsMax = 2_000;

/** Ends the parts whose validity is over without a submit_sm (or, with `never`, without its answer), and forgets old ones. */
export class ExpirePartsWorker {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly parts: PartsRepository,
    private readonly submitted: SubmittedPartsRepository,
    private readonly receipts: PartReceiptsPublisher,
    log: Logger,
  ) {
    this.rounds = new Rounds(log, 'parts could not be expired');
  }

  start(): void {
    this.rounds.every(lookIntervalMs, () => this.expire(Date.now()));
    this.rounds.every(cleanIntervalMs, () => this.clean(Date.now()));
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  async expire(nowMs: number): Promise<void> {
    if (!(await this.database.read((manager) => this.parts.hasExpired(manager, nowMs)))) return;
    await this.endAll(partState.queued, expiredOutcome, nowMs);
    await this.endAll(partState.unanswered, silentOutcome, nowMs);
  }

  async clean(nowMs: number): Promise<void> {
    await this.database.transaction((manager) => this.submitted.forgetEarly(manager, nowMs - keptMs));
    let after: number | undefined = 0;
    while (after !== undefined && !this.rounds.isStopped) {
      const from: number = after;
      after = await this.database.transaction((manager) => this.parts.forget(manager, from, nowMs - keptMs, cleanRowsMax));
    }
  }

  private async endAll(state: typeof partState.queued | typeof partState.unanswered, outcome: typeof expiredOutcome, atMs: number): Promise<void> {
    for (let ended = partsMax; ended === partsMax && !this.rounds.isStopped; ) {
      ended = await this.database.transaction(async (manager) => {
        const parts = await this.parts.expire(manager, state, atMs, partsMax);
        await this.receipts.report(manager, parts.map((part) => ({ part, stage: 'expired', outcome, atMs, raw: { connector: part.connector } })));
        return parts.length;
      });
      if (ended > 0) this.receipts.relay();
    }
  }
}
