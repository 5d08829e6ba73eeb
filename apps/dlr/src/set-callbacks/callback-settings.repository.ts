import { ServiceDatabase } from '@kwota/service-kit/database';
import { run } from '@kwota/service-kit/sql';
import type { EntityManager } from 'typeorm';

export type CallbackSetting = Readonly<{ callBack: string | null; stopCallBack: string | null }>;
/** `userId` null: the account's own. */
export type CallbackScope = Readonly<{ account: string; userId: string | null }>;

const none: CallbackSetting = { callBack: null, stopCallBack: null };

/** URLs of users and accounts. All are in memory: every change of a message asks for one. */
export class CallbackSettingsRepository {
  private readonly settings = new Map<string, Map<string, CallbackSetting>>();

  private constructor(private readonly database: ServiceDatabase) {}

  static async open(database: ServiceDatabase): Promise<CallbackSettingsRepository> {
    const repository = new CallbackSettingsRepository(database);
    const rows = await database.read((manager) =>
      run<CallbackSetting & { account: string; userId: string }>(manager, 'SELECT account, "userId", "callBack", "stopCallBack" FROM callback_setting'),
    );
    for (const { account, userId, callBack, stopCallBack } of rows) repository.remember({ account, userId: userId || null }, { callBack, stopCallBack });
    return repository;
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

  async set(scope: CallbackScope, setting: CallbackSetting): Promise<void> {
    await this.database.transaction((manager) => this.write(manager, scope, setting));
    this.remember(scope, setting);
  }

  async drop(scope: CallbackScope): Promise<void> {
    await this.set(scope, none);
  }

  /** Takes a URL away wherever it is set; who it was set for. */
  async switchOff(url: string): Promise<CallbackScope[]> {
    const scopes: CallbackScope[] = [];
    for (const [account, ofAccount] of this.settings)
      for (const [userId, { callBack }] of ofAccount) if (callBack === url) scopes.push({ account, userId: userId || null });
    for (const scope of scopes) await this.set(scope, { ...this.of(scope), callBack: null });
    return scopes;
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
