// Numbers whose owners want no more messages of an account. What others know of them is a fact without the number.
import { stops, stopsKeyOf } from '@kwota/contracts/stops.v1';
import { Outbox } from '@kwota/service-kit/outbox';
import { run } from '@kwota/service-kit/sql';
import { StopDigest } from '@kwota/service-kit/stop-digest';
import type { EntityManager } from 'typeorm';

type Big = number | string;
export type StoppedNumber = Readonly<{ account: string; number: string; sinceMs: number; messageId: number | null }>;

export class StopNumbersRepository {
  constructor(
    private readonly outbox: Outbox,
    private readonly digest: StopDigest,
  ) {}

  /** One that is there already stays as it is. */
  async add(manager: EntityManager, { account, number, sinceMs, messageId }: StoppedNumber): Promise<void> {
    const added = await run(
      manager,
      `INSERT INTO stop_number (account, number, "sinceMs", "messageId") VALUES (?, ?, ?, ?) ON CONFLICT (account, number) DO NOTHING RETURNING account`,
      [account, number, sinceMs, messageId],
    );
    if (added.length === 0) return;
    const fact = { type: 'NumberStopped', account, digest: this.digest.of(account, number), sinceMs } as const;
    await this.outbox.add(manager, [stops.message(fact, { id: `${fact.digest}@${sinceMs}`, source: 'kwota/dlr' })]);
  }

  /** False: it was not there. */
  async remove(manager: EntityManager, account: string, number: string): Promise<boolean> {
    const removed = await run(manager, 'DELETE FROM stop_number WHERE account = ? AND number = ? RETURNING account', [account, number]);
    if (removed.length === 0) return false;
    const key = stopsKeyOf({ account, digest: this.digest.of(account, number) });
    await this.outbox.add(manager, [{ topic: stops.topic, key, value: null, headers: {} }]);
    return true;
  }

  async find(manager: EntityManager, account: string, number?: string): Promise<Omit<StoppedNumber, 'account'>[]> {
    const rows = await run<{ number: string; sinceMs: Big; messageId: Big | null }>(
      manager,
      `SELECT number, "sinceMs", "messageId" FROM stop_number WHERE account = ?${number === undefined ? '' : ' AND number = ?'} ORDER BY number`,
      number === undefined ? [account] : [account, number],
    );
    return rows.map((row) => ({ number: row.number, sinceMs: Number(row.sinceMs), messageId: row.messageId === null ? null : Number(row.messageId) }));
  }
}
