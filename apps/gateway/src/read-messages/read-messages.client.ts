import { deleteMessage, findMessage, findMessages, type MessageView } from '@kwota/contracts/dlr.requests.v1';
import { priorityDefault } from '@kwota/contracts/fields';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { shownCredits } from '../edge/credits.js';
import { GatewaySettings } from '../edge/gateway-settings.js';
import { MessageIds } from '../submit-messages/message-ids.js';
import { numberFilter, phoneFilter, textFilter, timeFilter } from '../edge/query-filters.js';
import { badRequest, objectUnknown } from '../v6/ovh-error.js';
import { lookAgainMs, NewestJobs } from './newest-jobs.js';

export type OutgoingFilters = Readonly<Partial<Record<'receiver' | 'sender' | 'tag' | 'ptt' | 'deliveryReceipt' | 'differedDelivery' | 'batchID' | 'creationDatetime.from' | 'creationDatetime.to', string>>>;

/** As the requests to dlr take them; `userId` undefined: of the whole account. @throws OvhError 400 that names the parameter. */
export const outgoingFilter = (account: string, userId: string | undefined, filters: OutgoingFilters) => ({
  account,
  ...(userId === undefined ? {} : { userId }),
  ...phoneFilter('receiver', filters.receiver),
  ...textFilter('sender', filters.sender),
  ...textFilter('tag', filters.tag),
  ...numberFilter('ptt', 'ptt', filters.ptt),
  ...numberFilter('dlr', 'deliveryReceipt', filters.deliveryReceipt),
  ...numberFilter('differedDelivery', 'differedDelivery', filters.differedDelivery),
  ...timeFilter('fromMs', 'creationDatetime.from', filters['creationDatetime.from']),
  ...timeFilter('toMs', 'creationDatetime.to', filters['creationDatetime.to']),
});

const minuteMs = 60_000;

/** The history as OVH shows it: outgoing messages and jobs that are still pending. */
@Injectable()
export class ReadMessagesClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly messageIds: MessageIds,
    private readonly settings: GatewaySettings,
    private readonly newestJobs: NewestJobs,
  ) {}

  /** `userId` undefined: the whole account. What this gateway accepted by POST jobs is among the pending ones. */
  async ids(account: string, userId: string | undefined, pending: boolean, filters: OutgoingFilters): Promise<number[]> {
    // There are no batches: no message is of one.
    if (filters.batchID) return [];
    if (pending) await this.newestJobs.areKnown(account);
    const found = await this.requests.ask(findMessages, { ...outgoingFilter(account, userId, filters), pending });
    return found.messageIds;
  }

  /**
   * A young id that dlr does not know yet is looked up again until it does or the deadline passes: after an answer OK no look-up says 404
   * (DESIGN §3.3).
   */
  async find(account: string, userId: string | undefined, id: string): Promise<MessageView> {
    const messageId = messageIdOf(id);
    const untilMs = performance.now() + this.settings.sendDeadlineMs;
    for (;;) {
      const found = await this.requests.ask(findMessage, { account, messageId, ...(userId === undefined ? {} : { userId }) });
      if (found.outcome === 'done') return found.message;
      if (!this.messageIds.isYoung(messageId) || performance.now() > untilMs) throw objectUnknown();
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  }

  async delete(account: string, userId: string | undefined, id: string): Promise<void> {
    const messageId = messageIdOf(id);
    const deleted = await this.requests.ask(deleteMessage, { account, messageId, ...(userId === undefined ? {} : { userId }) });
    if (deleted.outcome === 'done') return this.newestJobs.known(account, messageId);
    if (deleted.code === 'message-under-way') throw badRequest('The message is still under way');
    throw objectUnknown();
  }

  /** sms.Outgoing (OVH.md 1.1). */
  outgoing(message: MessageView) {
    return { ...this.job(message), tag: message.tag, tariffCode: '', batchID: null };
  }

  /** sms.Job: as sms.Outgoing without tag and batch. */
  job(message: MessageView) {
    const { deferredUntilMs, acceptedAtMs } = message;
    return {
      id: message.messageId,
      creationDatetime: iso(acceptedAtMs),
      credits: shownCredits(message.creditsMilli),
      deliveredAt: isoOrNull(message.deliveredAtMs),
      deliveryReceipt: message.dlr,
      differedDelivery: deferredUntilMs === null ? 0 : Math.round((deferredUntilMs - acceptedAtMs) / minuteMs),
      message: message.text,
      messageLength: message.text.length,
      numberOfSms: message.parts,
      priority: message.priority ?? priorityDefault,
      ptt: message.ptt,
      receiver: message.receiver,
      sender: message.sender,
      sentAt: isoOrNull(message.submittedAtMs),
    };
  }
}

/** RFC 3339 with an offset, as OVH writes it. */
const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, '+00:00');
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

/** @throws OvhError 404 for what can be no message's id. */
export const messageIdOf = (id: string): number => {
  const messageId = Number(id);
  if (!/^\d{1,16}$/.test(id) || !Number.isSafeInteger(messageId) || messageId < 1) throw objectUnknown();
  return messageId;
};
