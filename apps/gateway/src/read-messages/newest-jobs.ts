import { findMessage } from '@kwota/contracts/dlr.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { GatewaySettings } from '../edge/gateway-settings.js';

export const lookAgainMs = 50;
/** One entry an account, of some 100 bytes; who is forgotten may see a list that lags for a moment. */
export const accountsMax = 10_000;

type Newest = Readonly<{ messageId: number; untilMs: number }>;

/**
 * What POST jobs of this gateway had accepted last, of each account. dlr reads an account's messages in order: once it knows this one it knows those
 * before, and its lists have what their reader was told.
 */
@Injectable()
export class NewestJobs {
  private readonly newest = new Map<string, Newest>();

  constructor(
    private readonly requests: RequestClient,
    private readonly settings: GatewaySettings,
  ) {}

  accepted(account: string, messageIds: readonly number[]): void {
    const messageId = messageIds.at(-1);
    if (messageId === undefined) return;
    this.newest.delete(account);
    this.newest.set(account, { messageId, untilMs: performance.now() + this.settings.sendDeadlineMs });
    if (this.newest.size > accountsMax) this.newest.delete(this.newest.keys().next().value ?? '');
  }

  /** dlr has spoken of it. */
  known(account: string, messageId: number): void {
    if (this.newest.get(account)?.messageId === messageId) this.newest.delete(account);
  }

  /** Resolves when lists have what was accepted here, or when nobody should wait for it any longer. */
  async areKnown(account: string): Promise<void> {
    const newest = this.newest.get(account);
    if (!newest) return;
    while (performance.now() < newest.untilMs) {
      const found = await this.requests.ask(findMessage, { account, messageId: newest.messageId });
      if (found.outcome === 'done') break;
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
    if (this.newest.get(account) === newest) this.newest.delete(account);
  }
}
