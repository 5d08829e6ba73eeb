// How each user's and account's callbacks are sent: the format, and the secrets that sign them. Secrets lie sealed.
import type { Sealing } from '@kwota/service-kit/sealing';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { run } from '@kwota/service-kit/sql';
import type { EntityManager } from 'typeorm';
import type { CallbackFormat } from '../send-callbacks/callback-request.js';
import type { CallbackScope } from './callback-settings.repository.js';

/** For so long the secret before signs beside the new one: whoever receives may change over in between. */
export const secretOverlapMs = 24 * 60 * 60 * 1_000;

type DeliveryRow = Readonly<{
  account: string;
  userId: string;
  format: CallbackFormat;
  sealedSecret: string | null;
  sealedPrevious: string | null;
  previousUntilMs: number | string | null;
}>;
export type Delivery = Readonly<{ userId: string | null; format: CallbackFormat; signed: boolean; previousSecretUntilMs: number | null }>;
export type DeliveryUse = Readonly<{ format: CallbackFormat; secrets: readonly string[] }>;

const plain: DeliveryUse = { format: 'get', secrets: [] };
/** What another instance changed counts after so long. */
const knownForMs = 5_000;

export class CallbackDeliveryRepository {
  /** By account; an account without rows has an empty list. */
  private readonly known = new Map<string, { rows: readonly DeliveryRow[]; atMs: number }>();
  /** No account has any: the common case costs nothing. */
  private isEmpty = false;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly sealing: Sealing,
  ) {}

  async open(): Promise<void> {
    const [row] = await this.database.read((manager) => run(manager, 'SELECT 1 AS one FROM callback_delivery LIMIT 1'));
    this.isEmpty = !row && !this.database.isShared;
  }

  /** The user's where set, else the account's. */
  async use({ account, userId }: CallbackScope, nowMs: number): Promise<DeliveryUse> {
    if (this.isEmpty || account === '') return plain;
    const rows = await this.rowsOf(account, nowMs);
    const row = rows.find((one) => one.userId === (userId ?? '')) ?? rows.find((one) => one.userId === '');
    if (!row) return plain;
    const secrets = [row.sealedSecret, Number(row.previousUntilMs ?? 0) > nowMs ? row.sealedPrevious : null];
    const associatedData = associatedDataOf({ account, userId: row.userId || null });
    return { format: row.format, secrets: secrets.flatMap((sealed) => (sealed === null ? [] : [this.sealing.open(sealed, associatedData)])) };
  }

  async ofAccount(account: string, nowMs: number): Promise<Delivery[]> {
    const rows = await this.database.read((manager) => read(manager, account));
    return rows.map(({ userId, format, sealedSecret, previousUntilMs }) => {
      const untilMs = Number(previousUntilMs ?? 0);
      return { userId: userId || null, format, signed: sealedSecret !== null, previousSecretUntilMs: untilMs > nowMs ? untilMs : null };
    });
  }

  /** False: the secret does not open, or is none of Standard Webhooks'. */
  isSecret(scope: CallbackScope, sealed: string): boolean {
    try {
      return /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(this.sealing.open(sealed, associatedDataOf(scope)));
    } catch {
      return false;
    }
  }

  /** What is undefined stays; a secret of null takes the signature away at once. */
  async change({ account, userId }: CallbackScope, { format, sealedSecret }: { format: CallbackFormat | undefined; sealedSecret: string | null | undefined }, nowMs: number): Promise<void> {
    await this.database.transaction(async (manager) => {
      const known = (await read(manager, account)).find((row) => row.userId === (userId ?? ''));
      const isRotated = sealedSecret !== undefined && sealedSecret !== null && known?.sealedSecret != null;
      const secret = sealedSecret === undefined ? (known?.sealedSecret ?? null) : sealedSecret;
      const kept = sealedSecret === undefined ? known : undefined;
      await run(
        manager,
        `INSERT INTO callback_delivery (account, "userId", format, "sealedSecret", "sealedPrevious", "previousUntilMs") VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (account, "userId") DO UPDATE SET format = excluded.format, "sealedSecret" = excluded."sealedSecret",
           "sealedPrevious" = excluded."sealedPrevious", "previousUntilMs" = excluded."previousUntilMs"`,
        [
          account,
          userId ?? '',
          format ?? known?.format ?? 'get',
          secret,
          isRotated ? (known?.sealedSecret ?? null) : (kept?.sealedPrevious ?? null),
          isRotated ? nowMs + secretOverlapMs : kept?.previousUntilMs == null ? null : Number(kept.previousUntilMs),
        ],
      );
    });
    this.isEmpty = false;
    this.known.delete(account);
  }

  async drop({ account, userId }: CallbackScope): Promise<void> {
    if (this.isEmpty) return;
    await this.database.transaction((manager) => run(manager, 'DELETE FROM callback_delivery WHERE account = ? AND "userId" = ?', [account, userId ?? '']));
    this.known.delete(account);
  }

  private async rowsOf(account: string, nowMs: number): Promise<readonly DeliveryRow[]> {
    const known = this.known.get(account);
    if (known && (!this.database.isShared || nowMs - known.atMs < knownForMs)) return known.rows;
    const rows = await this.database.read((manager) => read(manager, account));
    this.known.set(account, { rows, atMs: nowMs });
    return rows;
  }
}

const read = (manager: EntityManager, account: string): Promise<DeliveryRow[]> =>
  run<DeliveryRow>(
    manager,
    'SELECT account, "userId", format, "sealedSecret", "sealedPrevious", "previousUntilMs" FROM callback_delivery WHERE account = ? ORDER BY "userId"',
    [account],
  );

const associatedDataOf = ({ account, userId }: CallbackScope): string => `callback|${account}|${userId ?? ''}`;
