// Those who manage: owners, their applications, keys and OAuth2 clients, and operators; owners.migrations.ts makes the tables.
import { EntitySchema } from 'typeorm';

export const millisecondsColumn = { type: 'bigint', nullable: true, transformer: { from: (value: string | number | null) => (value === null ? null : Number(value)), to: (value: number | null) => (value === null ? null : String(value)) } } as const;

export type OwnerRow = { ownerId: string; email: string; firstname: string; name: string; accounts: string[]; passwordHash: string | null };
export const ownerEntity = new EntitySchema<OwnerRow>({
  name: 'owner',
  columns: {
    ownerId: { type: 'text', primary: true },
    email: { type: 'text' },
    firstname: { type: 'text' },
    name: { type: 'text' },
    accounts: { type: 'simple-json' },
    passwordHash: { type: 'text', nullable: true },
  },
});

/** The secret before the last one is good until `previousUntilMs`: keys are changed without a gap. */
export type ApplicationRow = {
  applicationId: number;
  applicationKey: string;
  ownerId: string;
  name: string;
  description: string;
  sealedSecret: string;
  secretChangedAtMs: number;
  previousSealedSecret: string | null;
  previousUntilMs: number | null;
};
export const applicationEntity = new EntitySchema<ApplicationRow>({
  name: 'application',
  columns: {
    applicationId: { type: 'integer', primary: true, generated: 'increment' },
    applicationKey: { type: 'text', unique: true },
    ownerId: { type: 'text' },
    name: { type: 'text' },
    description: { type: 'text' },
    sealedSecret: { type: 'text' },
    secretChangedAtMs: { ...millisecondsColumn, nullable: false },
    previousSealedSecret: { type: 'text', nullable: true },
    previousUntilMs: millisecondsColumn,
  },
});

export type CredentialStatus = 'pendingValidation' | 'validated' | 'refused' | 'expired';
/** Keys of before there were owners have none, and their secret and accounts here. */
export type ConsumerKeyRow = {
  credentialId: number;
  consumerKey: string;
  applicationKey: string;
  sealedApplicationSecret: string;
  accounts: string[];
  rules: { method: string; path: string }[];
  ownerId: string | null;
  status: CredentialStatus;
  createdAtMs: number;
  expiresAtMs: number | null;
  lastUseAtMs: number | null;
  allowedIps: string[];
  tokenSha256: string | null;
  redirection: string | null;
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
    ownerId: { type: 'text', nullable: true },
    status: { type: 'text' },
    createdAtMs: { ...millisecondsColumn, nullable: false },
    expiresAtMs: millisecondsColumn,
    lastUseAtMs: millisecondsColumn,
    allowedIps: { type: 'simple-json' },
    tokenSha256: { type: 'text', nullable: true },
    redirection: { type: 'text', nullable: true },
  },
});

export type OauthClientRow = {
  clientId: string;
  secretSha256: string;
  accounts: string[];
  ownerId: string | null;
  name: string;
  previousSecretSha256: string | null;
  previousUntilMs: number | null;
};
export const oauthClientEntity = new EntitySchema<OauthClientRow>({
  name: 'oauth_client',
  columns: {
    clientId: { type: 'text', primary: true },
    secretSha256: { type: 'text' },
    accounts: { type: 'simple-json' },
    ownerId: { type: 'text', nullable: true },
    name: { type: 'text' },
    previousSecretSha256: { type: 'text', nullable: true },
    previousUntilMs: millisecondsColumn,
  },
});

/** The first operator's token, or the one of the environment. */
export type OperatorTokenRow = { one: number; tokenSha256: string };
export const operatorTokenEntity = new EntitySchema<OperatorTokenRow>({
  name: 'operator_token',
  columns: { one: { type: 'integer', primary: true }, tokenSha256: { type: 'text' } },
});

export type OperatorRow = { name: string; role: 'admin' | 'auditor'; tokenSha256: string };
export const operatorEntity = new EntitySchema<OperatorRow>({
  name: 'operator',
  columns: { name: { type: 'text', primary: true }, role: { type: 'text' }, tokenSha256: { type: 'text' } },
});
