import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import type { EntityManager } from 'typeorm';
import { digestOf } from '../send-alerts/compose-mail.js';
import { accountItself, forecastEntity, recipientEntity } from '../alerts.entities.js';
import { CreditClient, type CreditOf } from '../ask-ledger/credit.client.js';
import { AlertRecorder } from '../record-alerts/alert-recorder.js';
import { forecastStep } from './forecast-step.js';

/** A forecast in days is not older than that. One account is asked about after the other: never more than one request is under way. */
const lookIntervalMs = 60 * 60 * 1_000;
/** A request's userIds stay well below what one record may hold. */
const usersAtOnce = 500;

/** Asks the ledger about whoever has a recipient, and has those warned whose credit runs out within the days that are set. */
export class ForecastWorker {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly credit: CreditClient,
    private readonly alerts: AlertRecorder,
    /** 0: nobody is warned. */
    private readonly days: number,
    private readonly log: Logger,
  ) {
    this.rounds = new Rounds(log, 'credit could not be foreseen');
  }

  start(): void {
    if (this.days > 0) this.rounds.every(lookIntervalMs, () => this.look(Date.now()));
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  async look(nowMs: number): Promise<void> {
    for (const [account, userIds] of await this.recipients()) {
      for (let from = 0; from < userIds.length; from += usersAtOnce) {
        if (this.rounds.isStopped) return;
        const found = await this.credit.find(account, userIds.slice(from, from + usersAtOnce));
        if (!found) this.log.warn({ account }, 'the ledger does not answer: its credit is foreseen in an hour');
        else await this.weigh(account, found, nowMs);
      }
    }
  }

  private async recipients(): Promise<ReadonlyMap<string, string[]>> {
    const rows = await this.database.read((manager) => manager.find(recipientEntity, { select: { account: true, userId: true }, order: { account: 'ASC', userId: 'ASC' } }));
    const byAccount = new Map<string, string[]>();
    for (const { account, userId } of rows) byAccount.set(account, [...(byAccount.get(account) ?? []), userId]);
    return byAccount;
  }

  private async weigh(account: string, found: ReadonlyMap<string, CreditOf>, nowMs: number): Promise<void> {
    const added = await this.database.transaction(async (manager) => {
      const known = await manager.findBy(forecastEntity, { account });
      const soon = new Set(known.filter(({ isSoon }) => isSoon === 1).map(({ userId }) => userId));
      let rows = 0;
      for (const [userId, credit] of found) rows += await this.weighOne(manager, { account, userId, isSoon: soon.has(userId) }, credit, nowMs);
      return rows;
    });
    if (added > 0) this.alerts.wake();
  }

  /** The step into the window and its alert are one commit; of two instances one makes it. */
  private async weighOne(manager: EntityManager, of: { account: string; userId: string; isSoon: boolean }, credit: CreditOf, nowMs: number): Promise<number> {
    const { account, userId, isSoon } = of;
    const next = forecastStep(isSoon, credit, this.days, nowMs);
    if (next.step === 'stay') return 0;
    await manager.createQueryBuilder().insert().into(forecastEntity).values({ account, userId, isSoon: 0 }).orIgnore().execute();
    const { affected } = await manager.update(forecastEntity, { account, userId, isSoon: isSoon ? 1 : 0 }, { isSoon: isSoon ? 0 : 1 });
    if (affected !== 1 || next.step === 'forget') return 0;
    const { leftMilliCredits } = credit;
    const about = { kind: 'forecast', runsOutAtMs: next.runsOutAtMs } as const;
    const alert = { id: `forecast.${digestOf(`${account}|${userId}|${nowMs}`)}`, about, account, userId: userId === accountItself ? null : userId };
    return this.alerts.toRecipient(manager, { ...alert, leftMilliCredits, bySms: true }, nowMs);
  }
}
