import { StopList } from '@kwota/service-kit/stop-list';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { shownCredits } from '../edge/credits.js';
import { GatewaySettings } from '../edge/gateway-settings.js';
import { idempotencyKeyOf } from '../edge/idempotency-key.js';
import { sortReceivers } from '../edge/receivers.js';
import { Limits } from '../limit-requests/limits.js';
import { KnownUsers } from '../known-users/known-users.projection.js';
import { NewestJobs } from '../read-messages/newest-jobs.js';
import { composeMessage } from '../submit-messages/compose-message.js';
import { SubmitMessagesClient } from '../submit-messages/submit-messages.client.js';
import { badRequest, conflict, objectUnknown, OvhError } from '../v6/ovh-error.js';
import type { SendingReport, SendJobDto } from './send-job.dto.js';

const minuteMs = 60_000;
/** OVH.md 1.1: class number ↔ enum. */
const messageClasses = { flash: 0, phoneDisplay: 1, sim: 2, toolkit: 3 } as const;

type SendingUser = Readonly<{ userId: string; messagesPerMinute?: number | null | undefined }>;

/** POST jobs: of a user, charged to its quota where active, or of the account, charged to the pool alone. */
@Injectable()
export class SendJobsClient {
  constructor(
    private readonly knownUsers: KnownUsers,
    private readonly submitMessages: SubmitMessagesClient,
    private readonly settings: GatewaySettings,
    private readonly limits: Limits,
    private readonly stops: StopList,
    private readonly newestJobs: NewestJobs,
  ) {}

  async send(account: string, user: SendingUser | null, job: SendJobDto, keyHeader: string | undefined): Promise<SendingReport> {
    const idempotencyKey = idempotencyKeyOf(keyHeader);
    const sender = this.senderOf(account, job);
    const { valid, invalid } = sortReceivers(job.receivers, (number) => this.stops.has(account, number));
    if (valid.length === 0) throw badRequest('receivers holds no valid number');
    // coding 8bit is the schema's word for "not forced to 7 bits"; what the text needs decides then.
    const composed = composeMessage(job.message, { noStop: job.noStopClause ?? false, coding: job.coding === '7bit' ? '7bit' : undefined });
    if (!composed) throw badRequest('message is too long, at most 6 parts');

    const waitS = user === null ? 0 : this.limits.secondsToWait(user.userId, user.messagesPerMinute, valid.length);
    if (waitS > 0) throw new OvhError(429, `Too many messages: at most ${user?.messagesPerMinute} in a minute, try again in ${waitS} s`, { class: 'Client::TooManyRequests' });
    const submitted = await this.submitMessages.submit({
      account,
      userId: user?.userId ?? null,
      receivers: valid,
      sender,
      ...composed,
      noStop: job.noStopClause ?? false,
      source: 'rest',
      ...(job.tag ? { tag: job.tag } : {}),
      ...(job.class ? { messageClass: messageClasses[job.class] } : {}),
      ...(job.priority ? { priority: job.priority } : {}),
      ...(job.differedPeriod ? { deferredUntilMs: Date.now() + job.differedPeriod * minuteMs } : {}),
      ...(job.validityPeriod ? { validityMs: job.validityPeriod * minuteMs } : {}),
      ...(idempotencyKey ? { clientKey: idempotencyKey, bodyDigest: createHash('sha256').update(JSON.stringify(job)).digest('hex') } : {}),
    });
    if (submitted.outcome === 'refused') throw refusalOf(submitted.code, submitted.leftMilliCredits);
    this.newestJobs.accepted(account, submitted.messageIds);
    return {
      ids: [...submitted.messageIds],
      invalidReceivers: invalid,
      totalCreditsRemoved: shownCredits(submitted.takenMilliCredits),
      validReceivers: valid,
      ...(job.tag ? { tag: job.tag } : {}),
    };
  }

  /** senderForResponse goes before a named sender (OVH.md 1.2). */
  private senderOf(account: string, { sender, senderForResponse }: SendJobDto): string {
    if (senderForResponse) return this.settings.responseSender;
    if (!sender) throw badRequest('sender is required, or senderForResponse');
    const declared = this.knownUsers.declaredSender(account, sender);
    if (declared === undefined) throw badRequest(`The sender ${sender} is not declared`);
    return declared;
  }
}

const refusalOf = (code: string, leftMilliCredits: number): OvhError => {
  switch (code) {
    case 'quota-too-low':
    case 'credit-too-low':
      return new OvhError(402, `Not enough credits (left: ${shownCredits(leftMilliCredits).toFixed(2)})`, { class: 'Client::PaymentRequired' });
    case 'key-conflict':
    case 'conflict':
      return conflict('The idempotency key was used for another message');
    case 'account-unknown':
    case 'user-unknown':
    case 'user-closed':
      return objectUnknown();
    case 'price-not-valid':
      return badRequest('receivers holds a destination without a price');
    case 'too-many-open-holds':
      return new OvhError(429, 'Too many messages under way', { class: 'Client::TooManyRequests' });
    case 'account-frozen':
    case 'account-closed':
      return new OvhError(403, 'The account may not send at present', { class: 'Client::Forbidden' });
    default:
      return new OvhError(503, 'Temporarily unavailable, nothing was charged', { class: 'Server::ServiceUnavailable' });
  }
};
