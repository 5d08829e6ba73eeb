import { Injectable } from '@nestjs/common';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpReply } from '../edge/http.js';
import { OvhError } from '../v6/ovh-error.js';
import { SharedCounts } from './shared-counts.js';
import type { MinuteWindows } from './windows.js';

/** A consumer key's request writes a row: a person who clicks needs fewer. */
export const credentialRequestsPerMinuteMax = 60;

/** Each refusal may have asked users: a client with a wrong key retries, a guesser does not stop. */
export const refusalsPerAddressMax = 600;

/** How often one may ask, and how much a user may send, in a minute, through all gateways. */
@Injectable()
export class Limits {
  private readonly requests: MinuteWindows;
  private readonly messages: MinuteWindows;

  constructor(
    private readonly settings: GatewaySettings,
    counts: SharedCounts,
  ) {
    this.requests = counts.windows('requests');
    this.messages = counts.windows('messages');
  }

  /**
   * Counts a call and says in the headers of the answer what is left (IETF draft RateLimit header fields).
   * @throws OvhError 429 with Retry-After for one too many.
   */
  countRequest(by: string, reply: HttpReply, max = this.settings.requestsPerMinute): void {
    const { allowed, remaining, resetS } = this.requests.take(by, 1, max);
    reply.header('ratelimit-limit', String(max)).header('ratelimit-remaining', String(remaining)).header('ratelimit-reset', String(resetS));
    if (allowed) return;
    reply.header('retry-after', String(resetS));
    throw new OvhError(429, `Too many requests: at most ${max} in a minute`, { class: 'Client::TooManyRequests' });
  }

  /**
   * Lets `identify` say who asks; an address that was refused too often in this minute is not even asked.
   * @throws OvhError 429 for such an address, and whatever `identify` throws.
   */
  async identify<Who>(address: string, identify: () => Promise<Who> | Who): Promise<Who> {
    const key = `refused:${address}`;
    if (this.requests.hasTaken(key, refusalsPerAddressMax)) throw new OvhError(429, 'Too many refused requests, try again in a minute', { class: 'Client::TooManyRequests' });
    try {
      return await identify();
    } catch (error) {
      if (error instanceof OvhError) this.requests.take(key, 1, refusalsPerAddressMax);
      throw error;
    }
  }

  /** Seconds after which a user may send so many messages; 0: now. Without a limit of its own a user may always. */
  secondsToWait(userId: string, messagesPerMinute: number | null | undefined, count: number): number {
    if (messagesPerMinute == null) return 0;
    const { allowed, resetS } = this.messages.take(userId, count, messagesPerMinute);
    return allowed ? 0 : Math.max(1, resetS);
  }
}
