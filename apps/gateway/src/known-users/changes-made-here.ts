import type { KnownUser } from './known-users.projection.js';

/** What this process itself was told of users and senders, before the facts say so. */
export type ChangeMadeHere =
  | { readonly kind: 'user'; readonly account: string; readonly user: KnownUser }
  | { readonly kind: 'user-ended'; readonly account: string; readonly userId: string }
  | { readonly kind: 'sender'; readonly account: string; readonly sender: string };

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
