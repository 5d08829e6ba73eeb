// The tables of users; users.migrations.ts makes them.
import { EntitySchema } from 'typeorm';

export type AccountRow = { account: string; description: string; version: number };
export const accountEntity = new EntitySchema<AccountRow>({
  name: 'account',
  columns: { account: { type: 'text', primary: true }, description: { type: 'text' }, version: { type: 'integer' } },
});

export type ApiUserRow = {
  userId: string;
  account: string;
  login: string;
  passwordHash: string;
  ipRestrictions: string[];
  version: number;
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
  },
});

export type SenderRow = { account: string; sender: string; description: string; status: string; version: number };
export const senderEntity = new EntitySchema<SenderRow>({
  name: 'sender',
  columns: {
    account: { type: 'text', primary: true },
    sender: { type: 'text', primary: true },
    description: { type: 'text' },
    status: { type: 'text' },
    version: { type: 'integer' },
  },
});

/** One row: the first message id that nobody has yet. */
export type MessageIdsRow = { one: number; next: number };
export const messageIdsEntity = new EntitySchema<MessageIdsRow>({
  name: 'message_ids',
  columns: { one: { type: 'integer', primary: true }, next: { type: 'bigint', transformer: { from: Number, to: String } } },
});

export type ConsumerKeyRow = {
  credentialId: number;
  consumerKey: string;
  applicationKey: string;
  sealedApplicationSecret: string;
  accounts: string[];
  rules: { method: string; path: string }[];
};
export const consumerKeyEntity = new EntitySchema<ConsumerKeyRow>({
  name: 'consumer_key',
  columns: {
    credentialId: { type: 'integer', primary: true, generated: 'increment' },
    consumerKey: { type: 'text', unique: true },
    applicationKey: { type: 'text' },
    sealedApplicationSecret: { type: 'text' },
    accounts: { type: 'simple-json' },
    rules: { type: 'simple-json' },
  },
});

export type OauthClientRow = { clientId: string; secretSha256: string; accounts: string[] };
export const oauthClientEntity = new EntitySchema<OauthClientRow>({
  name: 'oauth_client',
  columns: { clientId: { type: 'text', primary: true }, secretSha256: { type: 'text' }, accounts: { type: 'simple-json' } },
});

export type OperatorTokenRow = { one: number; tokenSha256: string };
export const operatorTokenEntity = new EntitySchema<OperatorTokenRow>({
  name: 'operator_token',
  columns: { one: { type: 'integer', primary: true }, tokenSha256: { type: 'text' } },
});
