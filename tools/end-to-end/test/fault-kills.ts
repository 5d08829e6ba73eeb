// Kills: from one step on nothing that a process does arrives anywhere, and nothing that it asks is answered.
import { EventStore } from '@kwota/event-store';
import { ServiceDatabase } from '@kwota/service-kit/database';
import type { RunningService } from '@kwota/service-kit/service';

/** Where a kill strikes: before what a step did is durable, or after it and before the process knows. */
export type KillPoint = 'before' | 'after';

export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Strikes at the `step`th step from now on. */
export class Kill {
  isDead = false;
  readonly died: Promise<void>;
  private steps = 0;
  private tell: () => void = () => undefined;

  constructor(
    private readonly step: number,
    private readonly point: KillPoint,
    private readonly onKill: () => void,
  ) {
    this.died = new Promise((resolve) => (this.tell = resolve));
  }

  /** @throws Killed, from the kill on. */
  async strike<Result>(commit: () => Promise<Result>): Promise<Result> {
    if (this.isDead) throw new Killed();
    this.steps += 1;
    const isLast = this.steps === this.step;
    if (isLast && this.point === 'before') this.die();
    const result = await commit();
    if (isLast) this.die();
    if (this.isDead) throw new Killed();
    return result;
  }

  private die(): never {
    this.isDead = true;
    this.onKill();
    this.tell();
    throw new Killed();
  }
}

/** The steps of a service with a store are its commits. */
export const strikeAtCommits = ({ app }: RunningService, isLedger: boolean, kill: Kill): void => {
  if (isLedger) {
    const store = app.get(EventStore, { strict: false });
    const append = store.append.bind(store);
    store.append = (batch) => kill.strike(() => append(batch));
    return;
  }
  const database = app.get(ServiceDatabase, { strict: false });
  const transaction = database.transaction.bind(database);
  database.transaction = (work) => kill.strike(() => transaction(work));
};
