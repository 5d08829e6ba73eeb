import { showUsage } from '@kwota/contracts/dlr.requests.v1';
import { findUsers } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { shownCredits } from '../edge/credits.js';
import { timeFilter } from '../edge/query-filters.js';
import { badRequest, serviceUnknown } from '../v6/ovh-error.js';

export type UsageOfUser = Readonly<{
  /** null: the account itself, or a user who is deleted since. */
  login: string | null;
  userId: string | null;
  messages: number;
  parts: number;
  delivered: number;
  failed: number;
  notBilled: number;
  underWay: number;
  credits: number;
}>;

export type Period = Readonly<{ from?: string | undefined; to?: string | undefined }>;

/** Without a beginning: the last thirty days. */
const periodDaysDefault = 30;
const dayMs = 24 * 60 * 60 * 1_000;

/** Who sent how much in a period, the one who spent most first (GUIDE.md: to find the one who sends too much). */
@Injectable()
export class UsageClient {
  constructor(private readonly requests: RequestClient) {}

  /** @param userId undefined: all of the account. */
  async show(account: string, userId: string | undefined, { from, to }: Period): Promise<UsageOfUser[]> {
    const { toMs = Date.now() } = timeFilter('toMs', 'to', to) as { toMs?: number };
    const { fromMs = Math.max(0, toMs - periodDaysDefault * dayMs) } = timeFilter('fromMs', 'from', from) as { fromMs?: number };
    if (fromMs > toMs) throw badRequest('to must not be before from');
    const [{ usage }, users] = await Promise.all([
      this.requests.ask(showUsage, { account, fromMs, toMs, ...(userId === undefined ? {} : { userId }) }),
      this.requests.ask(findUsers, { account }),
    ]);
    if (users.outcome === 'refused') throw serviceUnknown();
    const logins = new Map(users.users.map((user) => [user.userId, user.login]));
    return usage
      .toSorted((one, other) => other.creditsMilli - one.creditsMilli)
      .map(({ creditsMilli, ...counts }) => ({ login: counts.userId === null ? null : (logins.get(counts.userId) ?? null), ...counts, credits: shownCredits(creditsMilli) }));
  }
}

const columns = ['login', 'userId', 'messages', 'parts', 'delivered', 'failed', 'notBilled', 'underWay', 'credits'] as const;

/** RFC 4180, but with semicolons as OVH's own exports. */
export const usageCsv = (usage: readonly UsageOfUser[]): string => {
  const field = (value: string | number | null): string => (typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : String(value ?? ''));
  return [columns.join(';'), ...usage.map((user) => columns.map((column) => field(user[column])).join(';'))].map((line) => `${line}\n`).join('');
};
