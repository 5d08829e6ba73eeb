import { deleteSender, findSender, proposeSender, updateSender, validateSender } from '@kwota/contracts/senders.requests.v1';
import { usersKeyOf } from '@kwota/contracts/users.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { randomInt, timingSafeEqual } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { senderForm } from '../declare-senders/declare-senders.on-request.js';
import type { ReplyOf, RequestOf } from '../requests.js';
import { UsersFactsPublisher } from '../users-facts.publisher.js';
import { accountEntity, senderEntity, type SenderRow } from '../users.entities.js';

/** Guessing one of a million codes has five chances. */
export const wrongCodesMax = 5;
export const sendersPerAccountMax = 1_000;

const unknown = { outcome: 'refused', code: 'sender-unknown' } as const;

/** Senders that an owner asks for, and their lives after that. What an operator declares needs no validation. */
@Controller()
export class ManageSendersOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly facts: UsersFactsPublisher,
  ) {}

  @OnRequest(proposeSender)
  propose(@Payload() { account, sender, description, reason }: RequestOf<typeof proposeSender>): Promise<ReplyOf<typeof proposeSender>> {
    return this.change(async (manager) => {
      if (!senderForm.test(sender)) return { outcome: 'refused', code: 'sender-not-valid' };
      if (!(await manager.existsBy(accountEntity, { account }))) return { outcome: 'refused', code: 'account-unknown' };
      const known = await manager.findOneBy(senderEntity, { account, sender });
      if (known) return { outcome: 'done', status: known.status };
      if ((await manager.countBy(senderEntity, { account })) >= sendersPerAccountMax) return { outcome: 'refused', code: 'too-many-senders' };
      const code = String(randomInt(1_000_000)).padStart(6, '0');
      const row: SenderRow = { account, sender, description, status: 'waitingValidation', version: 0, reason, comment: null, code, wrongCodes: 0 };
      const { status } = await this.save(manager, row, {});
      return { outcome: 'done', status };
    });
  }

  @OnRequest(findSender)
  async find(@Payload() { account, sender }: RequestOf<typeof findSender>): Promise<ReplyOf<typeof findSender>> {
    const row = await this.database.read((manager) => manager.findOneBy(senderEntity, { account, sender }));
    if (!row) return unknown;
    const { status, description, reason, comment, code, version } = row;
    return { outcome: 'done', sender, status, description, reason, comment, code: status === 'waitingValidation' ? code : null, version };
  }

  @OnRequest(updateSender)
  update(@Payload() { account, sender, description, status, comment, by }: RequestOf<typeof updateSender>): Promise<ReplyOf<typeof updateSender>> {
    return this.change(async (manager) => {
      const row = await manager.findOneBy(senderEntity, { account, sender });
      if (!row) return unknown;
      const isOwners = (one: string): boolean => one === 'enable' || one === 'disable';
      if (by === 'owner' && status !== undefined && status !== row.status && !(isOwners(status) && isOwners(row.status))) return { outcome: 'refused', code: 'status-not-allowed' };
      const changed = await this.save(manager, row, {
        ...(description === undefined ? {} : { description }),
        ...(status === undefined ? {} : { status }),
        ...(comment === undefined ? {} : { comment }),
      });
      return { outcome: 'done', status: changed.status, version: changed.version };
    });
  }

  @OnRequest(validateSender)
  validate(@Payload() { account, sender, code }: RequestOf<typeof validateSender>): Promise<ReplyOf<typeof validateSender>> {
    return this.change(async (manager) => {
      const row = await manager.findOneBy(senderEntity, { account, sender });
      if (!row) return unknown;
      if (row.status !== 'waitingValidation' || row.code === null) return { outcome: 'refused', code: 'sender-not-waiting' };
      if (!isSame(code, row.code)) {
        const wrongCodes = row.wrongCodes + 1;
        await this.save(manager, row, { wrongCodes, ...(wrongCodes >= wrongCodesMax ? { status: 'refused' as const } : {}) });
        return { outcome: 'refused', code: 'code-wrong' };
      }
      const { status, version } = await this.save(manager, row, { status: 'enable', code: null });
      return { outcome: 'done', status, version };
    });
  }

  @OnRequest(deleteSender)
  delete(@Payload() { account, sender }: RequestOf<typeof deleteSender>): Promise<ReplyOf<typeof deleteSender>> {
    return this.change(async (manager) => {
      const row = await manager.findOneBy(senderEntity, { account, sender });
      if (!row) return unknown;
      await manager.delete(senderEntity, { account, sender });
      await this.facts.ended(manager, usersKeyOf({ type: 'SenderChanged', account, sender, status: row.status, version: row.version }));
      return { outcome: 'done' };
    });
  }

  private async save(manager: EntityManager, row: SenderRow, change: Partial<SenderRow>): Promise<SenderRow> {
    const changed = { ...row, ...change, version: row.version + 1 };
    await manager.save(senderEntity, changed);
    const { account, sender, status, version } = changed;
    await this.facts.changed(manager, { type: 'SenderChanged', account, sender, status, version });
    return changed;
  }

  private async change<Reply>(work: (manager: EntityManager) => Promise<Reply>): Promise<Reply> {
    const reply = await this.database.transaction(work);
    this.facts.relay();
    return reply;
  }
}

const isSame = (given: string, right: string): boolean => given.length === right.length && timingSafeEqual(Buffer.from(given.padEnd(20)), Buffer.from(right.padEnd(20)));
