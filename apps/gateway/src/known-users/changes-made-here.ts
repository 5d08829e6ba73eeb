import type { SenderChanged } from '@kwota/contracts/users.v1';
import type { KnownUser } from './known-users.projection.js';

/** What this process itself was told of users, senders and keys, before the facts say so. */
export type ChangeMadeHere =
  | { readonly kind: 'user'; readonly account: string; readonly user: KnownUser }
  | { readonly kind: 'user-ended'; readonly account: string; readonly userId: string }
  | { readonly kind: 'sender'; readonly account: string; readonly sender: string }
  | { readonly kind: 'sender-changed'; readonly account: string; readonly sender: string; readonly status: SenderChanged['status']; readonly version: number }
  | { readonly kind: 'sender-ended'; readonly account: string; readonly sender: string }
  /** Of owners, their keys and clients, or operators. */
  | { readonly kind: 'access-changed' };

/** Shared by HTTP and HTTPS: what one of them answered with 200 holds at once for both. */
export class ChangesMadeHere {
  private readonly listeners: ((change: ChangeMadeHere) => void)[] = [];

  onChange(listener: (change: ChangeMadeHere) => void): void {
    this.listeners.push(listener);
  }

  tell(change: ChangeMadeHere): void {
    for (const listener of this.listeners) listener(change);
  }
}
