import { deleteIncomingMessage, findIncomingMessage, findIncomingMessages } from '@kwota/contracts/phones.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { phoneFilter, textFilter, timeFilter } from '../edge/query-filters.js';
import { messageIdOf } from '../read-messages/read-messages.client.js';
import { badRequest, objectUnknown } from '../v6/ovh-error.js';

export type IncomingFilters = Readonly<Partial<Record<'sender' | 'tag' | 'creationDatetime.from' | 'creationDatetime.to', string>>>;

const senderLengthMax = 21;
const tagLengthMax = 20;
const limited = (name: string, value: string | undefined, max: number, filter = textFilter) => {
  if (typeof value === 'string' && value.length > max) throw badRequest(`${name} must have at most ${max} characters`);
  return filter(name, value);
};

/** No message bears a longer one. @throws OvhError 400 */
export const incomingTagFilter = (tag: string | undefined) => limited('tag', tag, tagLengthMax);

/** As the requests to dlr take them; `userId` undefined: of the whole account. @throws OvhError 400 that names the parameter. */
export const incomingFilter = (account: string, userId: string | undefined, filters: IncomingFilters) => ({
  account,
  ...(userId === undefined ? {} : { userId }),
  ...limited('sender', filters.sender, senderLengthMax, phoneFilter),
  ...incomingTagFilter(filters.tag),
  ...timeFilter('fromMs', 'creationDatetime.from', filters['creationDatetime.from']),
  ...timeFilter('toMs', 'creationDatetime.to', filters['creationDatetime.to']),
});

/** Messages from phones. `userId` undefined: of the whole account. */
@Injectable()
export class IncomingClient {
  constructor(private readonly requests: RequestClient) {}

  async ids(account: string, userId: string | undefined, filters: IncomingFilters): Promise<number[]> {
    const { ids } = await this.requests.ask(findIncomingMessages, incomingFilter(account, userId, filters));
    return ids;
  }

  /** sms.Incoming (OVH.md 1.1); receiving costs nothing. */
  async find(account: string, userId: string | undefined, id: string) {
    const reply = await this.requests.ask(findIncomingMessage, { account, ...(userId === undefined ? {} : { userId }), id: messageIdOf(id) });
    if (reply.outcome === 'refused') throw objectUnknown();
    const { message } = reply;
    return { id: message.id, creationDatetime: new Date(message.receivedAtMs).toISOString(), credits: 0, message: message.text, sender: message.sender, tag: message.tag };
  }

  async delete(account: string, userId: string | undefined, id: string): Promise<void> {
    const reply = await this.requests.ask(deleteIncomingMessage, { account, ...(userId === undefined ? {} : { userId }), id: messageIdOf(id) });
    if (reply.outcome === 'refused') throw objectUnknown();
  }
}
