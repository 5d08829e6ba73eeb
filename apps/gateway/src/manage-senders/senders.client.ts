import { deleteSender, findSender, proposeSender, updateSender, validateSender } from '@kwota/contracts/senders.requests.v1';
import { listSenders } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { badRequest, objectUnknown, OvhError, serviceUnknown } from '../v6/ovh-error.js';
import type { ChangeSenderDto, ProposeSenderDto, SenderStatus, SenderView } from './sender.dto.js';

/** Numbers shorter than that have no country: short codes. */
const shortCodeLengthMax = 6;
const senderLengthMax = 16;

/** An account's senders (OVH.md 1.1, 1.2): asked for by owners, enabled by their code or by an operator. */
@Injectable()
export class SendersClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly changes: ChangesMadeHere,
  ) {}

  async names(account: string): Promise<string[]> {
    return (await this.requests.ask(listSenders, { account })).senders.map(({ sender }) => sender);
  }

  async propose(account: string, { sender, description, reason }: ProposeSenderDto): Promise<string> {
    if (!reason?.trim()) throw badRequest('Please provide a reason');
    const reply = await this.requests.ask(proposeSender, { account, sender, description: description ?? '', reason });
    if (reply.outcome === 'done') return sender;
    if (reply.code === 'account-unknown') throw serviceUnknown();
    if (reply.code === 'too-many-senders') throw badRequest('The account has its 1,000 senders already');
    throw badRequest('sender must be at most 11 letters, digits and spaces, or a number');
  }

  /** With what only an operator sees: why it was asked for, and the code that enables it. */
  async find(account: string, sender: string) {
    if (sender.length > senderLengthMax) throw objectUnknown();
    const found = await this.requests.ask(findSender, { account, sender });
    if (found.outcome === 'refused') throw objectUnknown();
    return found;
  }

  async show(account: string, name: string): Promise<SenderView> {
    const { sender, description, status, comment } = await this.find(account, name);
    return { sender, description, status, comment, referer: 'custom', type: typeOf(sender), validationMedia: null };
  }

  /** @param by an owner may switch off and on what may send; an operator decides. */
  async change(account: string, sender: string, { description, status, comment }: ChangeSenderDto & { comment?: string | null }, by: 'owner' | 'operator'): Promise<void> {
    if (sender.length > senderLengthMax) throw objectUnknown();
    const reply = await this.requests.ask(updateSender, {
      account,
      sender,
      by,
      ...(description == null ? {} : { description }),
      ...(status == null ? {} : { status }),
      ...(comment == null ? {} : { comment }),
    });
    if (reply.outcome === 'done') return this.tell(account, sender, reply);
    if (reply.code === 'sender-unknown') throw objectUnknown();
    throw new OvhError(403, 'status: a sender that is not validated can be enabled by its code alone', { class: 'Client::Forbidden' });
  }

  async validate(account: string, sender: string, code: string): Promise<void> {
    if (sender.length > senderLengthMax) throw objectUnknown();
    const reply = await this.requests.ask(validateSender, { account, sender, code });
    if (reply.outcome === 'done') return this.tell(account, sender, reply);
    if (reply.code === 'sender-unknown') throw objectUnknown();
    throw badRequest(reply.code === 'code-wrong' ? 'code is wrong' : 'The sender does not wait for a code');
  }

  async delete(account: string, sender: string): Promise<void> {
    if (sender.length > senderLengthMax) throw objectUnknown();
    const reply = await this.requests.ask(deleteSender, { account, sender });
    if (reply.outcome === 'refused') throw objectUnknown();
    this.changes.tell({ kind: 'sender-ended', account, sender });
  }

  private tell(account: string, sender: string, { status, version }: { status: SenderStatus; version: number }): void {
    this.changes.tell({ kind: 'sender-changed', account, sender, status, version });
  }
}

const typeOf = (sender: string): SenderView['type'] => {
  if (!/^\+?\d+$/.test(sender)) return 'alpha';
  return sender.length <= shortCodeLengthMax ? 'shortcode' : 'numeric';
};
