import { Messaging } from '@kwota/messaging';
import { partitionOf } from '@kwota/messaging/partition-of';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { run } from '@kwota/service-kit/sql';
import type { EntityManager } from 'typeorm';

export type CallbackSetting = Readonly<{ callBack: string | null; stopCallBack: string | null }>;
/** `userId` null: the account's own. */
export type CallbackScope = Readonly<{ account: string; userId: string | null }>;

const none: CallbackSetting = { callBack: null, stopCallBack: null };

/** What is undefined stays as it is. */
export type SettingChange = { readonly [Field in keyof CallbackSetting]: CallbackSetting[Field] | undefined };

/**
 * URLs of users and accounts. Those of this instance's partitions are in memory, since every change of a message asks for one: their accounts'
 * changes all come here. Those of lost ones stay: a batch under way may still ask, and without a URL its callback would be lost.
 */
export class CallbackSettingsRepository {
  private readonly settings = new Map<string, Map<string, CallbackSetting>>();

  constructor(
    private readonly database: ServiceDatabase,
    private readonly messaging: Messaging,
  ) {}

  /** Another instance may have changed them until now. */
  async gained(partitions: ReadonlySet<number>): Promise<void> {
    const isGained = (account: string): boolean => partitions.has(partitionOf(account, this.messaging.partitionCount));
    const rows = await this.database.read((manager) =>
      run<CallbackSetting & { account: string; userId: string }>(manager, 'SELECT account, "userId", "callBack", "stopCallBack" FROM callback_setting'),
    );
    for (const account of this.settings.keys()) if (isGained(account)) this.settings.delete(account);
    for (const { account, userId, callBack, stopCallBack } of rows)
      if (isGained(account)) this.remember({ account, userId: userId || null }, { callBack, stopCallBack });
  }

  /** The user's where set, else the account's (OVH.md 9); so is it for users that were deleted. */
  urlFor({ account, userId }: CallbackScope): string | null {
    return this.of({ account, userId }).callBack ?? this.of({ account, userId: null }).callBack;
  }

  of({ account, userId }: CallbackScope): CallbackSetting {
    return this.settings.get(account)?.get(userId ?? '') ?? none;
  }

  /** The account and those of its users that have a URL. */
  ofAccount(account: string): (CallbackSetting & { userId: string | null })[] {
    const ofAccount = [...(this.settings.get(account) ?? [])].map(([userId, setting]) => ({ userId: userId || null, ...setting }));
    return ofAccount.filter(({ callBack, stopCallBack }) => callBack !== null || stopCallBack !== null);
  }

  async change(scope: CallbackScope, { callBack, stopCallBack }: SettingChange): Promise<void> {
    const setting = await this.database.transaction(async (manager) => {
      const known = await this.read(manager, scope);
      const changed = { callBack: callBack === undefined ? known.callBack : callBack, stopCallBack: stopCallBack === undefined ? known.stopCallBack : stopCallBack };
      await this.write(manager, scope, changed);
      return changed;
    });
    this.remember(scope, setting);
  }

  async drop(scope: CallbackScope): Promise<void> {
    await this.change(scope, none);
  }

  /** Whose URL it is. */
  async scopesOf(manager: EntityManager, url: string): Promise<CallbackScope[]> {
    const rows = await run<{ account: string; userId: string }>(manager, 'SELECT account, "userId" FROM callback_setting WHERE "callBack" = ?', [url]);
    return rows.map(({ account, userId }) => ({ account, userId: userId || null }));
  }

  /** Takes a URL away wherever it is set, also by other instances; who it was set for. After the commit: `forgetUrl`. */
  async switchOff(manager: EntityManager, url: string): Promise<CallbackScope[]> {
    const scopes = await this.scopesOf(manager, url);
    await run(manager, 'UPDATE callback_setting SET "callBack" = NULL WHERE "callBack" = ?', [url]);
    await run(manager, 'DELETE FROM callback_setting WHERE "callBack" IS NULL AND "stopCallBack" IS NULL');
    return scopes;
  }

  forgetUrl(url: string): void {
    for (const [account, ofAccount] of this.settings)
      for (const [userId, setting] of ofAccount) if (setting.callBack === url) this.remember({ account, userId: userId || null }, { ...setting, callBack: null });
  }

  private async read(manager: EntityManager, { account, userId }: CallbackScope): Promise<CallbackSetting> {
    const sql = 'SELECT "callBack", "stopCallBack" FROM callback_setting WHERE account = ? AND "userId" = ?';
    const [row] = await run<CallbackSetting>(manager, sql, [account, userId ?? '']);
    return row ?? none;
  }

  private async write(manager: EntityManager, { account, userId }: CallbackScope, { callBack, stopCallBack }: CallbackSetting): Promise<void> {
    if (callBack === null && stopCallBack === null) {
      await run(manager, 'DELETE FROM callback_setting WHERE account = ? AND "userId" = ?', [account, userId ?? '']);
      return;
    }
    await run(
      manager,
      `INSERT INTO callback_setting (account, "userId", "callBack", "stopCallBack") VALUES (?, ?, ?, ?)
       ON CONFLICT (account, "userId") DO UPDATE SET "callBack" = excluded."callBack", "stopCallBack" = excluded."stopCallBack"`,
      [account, userId ?? '', callBack, stopCallBack],
    );
  }

  private remember({ account, userId }: CallbackScope, setting: CallbackSetting): void {
    const ofAccount = this.settings.get(account) ?? new Map<string, CallbackSetting>();
    this.settings.set(account, ofAccount);
    if (setting.callBack === null && setting.stopCallBack === null) ofAccount.delete(userId ?? '');
    else ofAccount.set(userId ?? '', setting);
  }
}
