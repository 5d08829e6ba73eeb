// The tables of users; users.migrations.ts makes them.
import { EntitySchema } from 'typeorm';

/** `requestId`: of the request that made it; null where a version before did. */
export type AccountRow = { account: string; description: string; version: number; requestId: string | null };
export const accountEntity = new EntitySchema<AccountRow>({
  name: 'account',
  columns: { account: { type: 'text', primary: true }, description: { type: 'text' }, version: { type: 'integer' }, requestId: { type: 'text', nullable: true } },
});

export type ApiUserRow = {
  userId: string;
  account: string;
  login: string;
  passwordHash: string;
  ipRestrictions: string[];
  version: number;
  messagesPerMinute: number | null;
};
export const apiUserEntity = new EntitySchema<ApiUserRow>({
  name: 'api_user',
  columns: {
    userId: { type: 'text', primary: true },
    account: { type: 'text' },
    login: { type: 'text' },
    passwordHash: { type: 'text' },
    ipRestrictions: { type: 'simple-json' },
    version: { type: 'integer' },
    messagesPerMinute: { type: 'integer', nullable: true },
  },
});

export type SenderStatus = 'enable' | 'disable' | 'refused' | 'waitingValidation';
/** `code` enables it while it waits. */
export type SenderRow = {
  account: string;
  sender: string;
  description: string;
  status: SenderStatus;
  version: number;
  reason: string;
  comment: string | null;
  code: string | null;
  wrongCodes: number;
};
export const senderEntity = new EntitySchema<SenderRow>({
  name: 'sender',
  columns: {
    account: { type: 'text', primary: true },
    sender: { type: 'text', primary: true },
    description: { type: 'text' },
    status: { type: 'text' },
    version: { type: 'integer' },
    reason: { type: 'text' },
    comment: { type: 'text', nullable: true },
    code: { type: 'text', nullable: true },
    wrongCodes: { type: 'integer' },
  },
});

/** One row: the first message id that nobody has yet. */
export type MessageIdsRow = { one: number; next: number };
export const messageIdsEntity = new EntitySchema<MessageIdsRow>({
  name: 'message_ids',
  columns: { one: { type: 'integer', primary: true }, next: { type: 'bigint', transformer: { from: Number, to: String } } },
});

export * from './calls.entity.js';
export * from './owners.entities.js';
