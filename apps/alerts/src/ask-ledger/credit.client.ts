import { showAccount, showUsers } from '@kwota/contracts/ledger.requests.v1';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { accountItself } from '../alerts.entities.js';

/** As of the account's last event. */
export type CreditOf = Readonly<{
  leftMilliCredits: number;
  thresholdMilliCredits: number | null;
  /** Ledgers of the version before leave both out. */
  burnMilliCreditsPerHour?: number | undefined;
  runsOutAtMs?: number | null | undefined;
}>;

/** What the ledger says an account and its users have left. */
@Injectable()
export class CreditClient {
  constructor(private readonly requests: RequestClient) {}

  /** By userId, the account's pool under ''; without those that the ledger does not know. Undefined when it does not answer. */
  async find(account: string, userIds: readonly string[]): Promise<ReadonlyMap<string, CreditOf> | undefined> {
    const found = new Map<string, CreditOf>();
    const users = userIds.filter((userId) => userId !== accountItself);
    try {
      if (users.length < userIds.length) {
        const reply = await this.requests.ask(showAccount, { account });
        if (reply.outcome === 'done') found.set(accountItself, { ...reply, leftMilliCredits: reply.poolMilliCredits });
      }
      if (users.length > 0) {
        const reply = await this.requests.ask(showUsers, { account, userIds: users });
        if (reply.outcome === 'done') for (const user of reply.users) found.set(user.userId, user);
      }
      return found;
    } catch (error) {
      if (error instanceof ServiceUnavailable) return undefined;
      throw error;
    }
  }
}
