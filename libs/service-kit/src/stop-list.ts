import type { StopDigest } from './stop-digest.js';

/** `account|digest`, as stops.v1 keys its facts. */
const stopKey = /^([^|]+)\|([0-9a-f]{64})$/;

/** All stop lists, as the log tells them: 100 bytes a number. Whoever sends asks here. */
export class StopList {
  private readonly byAccount = new Map<string, Set<string>>();

  constructor(private readonly digest: StopDigest) {}

  /** A fact under its key, or a tombstone. Tells the account whose list has a number more. */
  apply(key: string, isStopped: boolean): string | undefined {
    const [, account, digest] = stopKey.exec(key) ?? [];
    if (account === undefined || digest === undefined) return undefined;
    const ofAccount = this.byAccount.get(account) ?? new Set<string>();
    this.byAccount.set(account, ofAccount);
    if (isStopped) ofAccount.add(digest);
    else ofAccount.delete(digest);
    if (ofAccount.size === 0) this.byAccount.delete(account);
    return isStopped ? account : undefined;
  }

  /** @param number `+` and digits. */
  has(account: string, number: string): boolean {
    const ofAccount = this.byAccount.get(account);
    return ofAccount !== undefined && ofAccount.has(this.digest.of(account, number));
  }
}
