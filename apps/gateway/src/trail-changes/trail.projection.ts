import type { ChangeAsked, ChangeEvent } from '@kwota/contracts/changes.v1';
import { Injectable } from '@nestjs/common';

export type TrailedChange = Readonly<{
  id: string;
  at: string;
  by: string;
  account: string | null;
  action: string;
  subjects: readonly string[];
  fields: readonly string[];
  /** `unknown`: it was tried, and nobody said how it ended. */
  outcome: 'done' | 'refused' | 'failed' | 'unknown';
}>;

/** The newest 10,000, some 5 MB; all of fourteen days are on kwota.changes.v1. */
export const changesShownMax = 10_000;

/** Who changed what, newest last, as the topic tells it. */
@Injectable()
export class Trail {
  private readonly changes = new Map<string, TrailedChange>();

  apply(event: ChangeEvent): void {
    if (event.type === 'ChangeAsked') {
      // A record may come twice.
      if (!this.changes.has(event.changeId)) this.changes.set(event.changeId, shown(event));
      for (const id of this.changes.keys()) {
        if (this.changes.size <= changesShownMax) break;
        this.changes.delete(id);
      }
      return;
    }
    const known = this.changes.get(event.changeId);
    if (known) this.changes.set(event.changeId, { ...known, outcome: event.outcome });
  }

  /** Of an account, or of all and of what belongs to none. */
  list(account: string | undefined): TrailedChange[] {
    return [...this.changes.values()].filter((change) => account === undefined || change.account === account);
  }
}

const shown = ({ changeId, atMs, by, account, action, subjects, fields }: ChangeAsked): TrailedChange => ({
  id: changeId,
  at: new Date(atMs).toISOString(),
  by,
  account: account === '-' ? null : account,
  action,
  subjects,
  fields,
  outcome: 'unknown',
});
