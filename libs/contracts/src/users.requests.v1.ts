import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const login = z.string().min(1).max(40);
const byAccount = ({ account }: { account: string }) => account;
const service = 'users';

export const createAccount = defineRequest({
  service,
  name: 'create-account',
  description: 'A new SMS account; without a name it gets the next free one. Repeating it, under the same name or the same request id, changes nothing.',
  keyOf: ({ account, requestId }) => account ?? requestId,
  request: z.object({ requestId: z.string(), account: f.account.optional(), description: z.string().max(200) }),
  reply: done({ account: f.account, created: z.boolean() }),
});

export const listAccounts = defineRequest({
  service,
  name: 'list-accounts',
  description: 'All SMS accounts, by name.',
  keyOf: () => 'accounts',
  request: z.object({}),
  reply: done({ accounts: z.array(z.object({ account: f.account, description: z.string() })) }),
});

export const updateAccount = defineRequest({
  service,
  name: 'update-account',
  description: 'Changes what an owner may change of an account.',
  keyOf: byAccount,
  request: z.object({ account: f.account, description: z.string().max(200) }),
  reply: z.union([done({}), refused(['account-unknown'])]),
});

/** How many messages a user may submit in a minute; null or left out: as many as it likes. */
const messagesPerMinute = z.int().positive().nullable().optional();
const userView = z.object({ userId: f.userId, login, ipRestrictions: z.array(z.string()), version: z.int(), messagesPerMinute });
export type UserView = z.infer<typeof userView>;

export const createUser = defineRequest({
  service,
  name: 'create-user',
  description: 'A new API user. The asker makes the userId, so that repeating it changes nothing. The password is sealed with the userId as associated data.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userId, login, sealedPassword: f.sealed }),
  reply: z.union([done({ userId: f.userId }), refused(['account-unknown', 'login-taken', 'too-many-users'])]),
});

export const findUsers = defineRequest({
  service,
  name: 'find-users',
  description: "An account's API users, by login; `login` picks one.",
  keyOf: byAccount,
  request: z.object({ account: f.account, login: login.optional() }),
  reply: z.union([done({ users: z.array(userView) }), refused(['account-unknown'])]),
});

export const updateUser = defineRequest({
  service,
  name: 'update-user',
  description: 'Changes the password (sealed with the userId as associated data) or the addresses that may use http2sms.',
  keyOf: byAccount,
  request: z.object({
    account: f.account,
    userId: f.userId,
    sealedPassword: f.sealed.optional(),
    ipRestrictions: z.array(z.string().max(45)).max(5).optional(),
    messagesPerMinute,
  }),
  reply: z.union([done({ version: z.int() }), refused(['user-unknown'])]),
});

export const deleteUser = defineRequest({
  service,
  name: 'delete-user',
  description: 'Ends an API user; its login is free again, its userId never comes back. Repeating it changes nothing.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userId }),
  reply: done({}),
});

export const authenticateUser = defineRequest({
  service,
  name: 'authenticate-user',
  description: 'Is this the password of this login? Takes as long for an unknown login. The password is sealed with `account|login` as associated data.',
  keyOf: byAccount,
  request: z.object({ account: f.account, login: z.string().max(200), sealedPassword: f.sealed }),
  reply: z.union([done({ userId: f.userId, version: z.int() }), refused(['bad-credentials'])]),
});

export const leaseMessageIds = defineRequest({
  service,
  name: 'lease-message-ids',
  description: 'A block of message ids that nobody else gets, above all blocks before.',
  keyOf: ({ instanceId }) => instanceId,
  request: z.object({ instanceId: z.string() }),
  reply: done({ first: f.messageId, count: z.int().positive() }),
});

export const declareSender = defineRequest({
  service,
  name: 'declare-sender',
  description: 'A sender that the account may use. Repeating it changes nothing.',
  keyOf: byAccount,
  request: z.object({ account: f.account, sender: z.string().min(1).max(16), description: z.string().max(200) }),
  reply: z.union([done({}), refused(['account-unknown', 'sender-not-valid'])]),
});

export const listSenders = defineRequest({
  service,
  name: 'list-senders',
  description: "An account's senders.",
  keyOf: byAccount,
  request: z.object({ account: f.account }),
  reply: done({ senders: z.array(z.object({ sender: z.string(), status: z.string(), description: z.string() })) }),
});

const accessRule = z.object({ method: z.string(), path: z.string() });
export type AccessRule = z.infer<typeof accessRule>;

export const createApplication = defineRequest({
  service,
  name: 'create-application',
  description: 'An application with a validated consumer key for its owner’s accounts. The secret is sealed with the application key as associated data.',
  keyOf: ({ applicationKey }) => applicationKey,
  request: z.object({
    applicationKey: z.string().min(8).max(64),
    sealedApplicationSecret: f.sealed,
    consumerKey: z.string().min(8).max(64),
    accounts: z.array(f.account),
    rules: z.array(accessRule),
    /** Whose it is; left out by gateways that know no owners. */
    ownerId: z.string().max(64).optional(),
  }),
  reply: done({}),
});

export const findCredential = defineRequest({
  service,
  name: 'find-credential',
  description: 'What is needed to verify a signed call: the sealed secret, the accounts and the access rules.',
  keyOf: ({ applicationKey }) => applicationKey,
  request: z.object({ applicationKey: z.string().max(64), consumerKey: z.string().max(64) }),
  reply: z.union([
    done({
      credentialId: z.int(),
      sealedApplicationSecret: f.sealed,
      /** While a new secret and the one before are both good. */
      previousSealedApplicationSecret: f.sealed.optional(),
      accounts: z.array(f.account),
      rules: z.array(accessRule),
      ownerId: z.string().max(64).optional(),
      allowedIps: z.array(z.string()).optional(),
    }),
    /** `void`: it is there, and waits, is refused or over its time. */
    refused(['application-unknown', 'consumer-key-unknown'], { void: z.boolean().optional() }),
  ]),
});

/** Names a secret without telling it. */
const secretId = z.string().max(64);

export const createOauthClient = defineRequest({
  service,
  name: 'create-oauth-client',
  description: 'An OAuth2 client for client credentials. The secret is sealed with the client id as associated data and kept as a hash.',
  keyOf: ({ clientId }) => clientId,
  request: z.object({ clientId: z.string().min(8).max(64), sealedClientSecret: f.sealed, accounts: z.array(f.account), ownerId: z.string().max(64).optional() }),
  reply: done({}),
});

export const authenticateOauthClient = defineRequest({
  service,
  name: 'authenticate-oauth-client',
  description: 'Is this the secret of this client? The secret is sealed with the client id as associated data.',
  keyOf: ({ clientId }) => clientId,
  request: z.object({ clientId: z.string().max(64), sealedClientSecret: f.sealed }),
  reply: z.union([done({ accounts: z.array(f.account), ownerId: z.string().max(64).optional(), secretId: secretId.optional() }), refused(['bad-credentials'])]),
});

export const findOauthClient = defineRequest({
  service,
  name: 'find-oauth-client',
  description: 'What a token of this client opens now, and the secrets that are good: a token holds as long as the secret that it was given for.',
  keyOf: ({ clientId }) => clientId,
  request: z.object({ clientId: z.string().max(64) }),
  reply: z.union([done({ accounts: z.array(f.account), ownerId: z.string().max(64).optional(), secretIds: z.array(secretId) }), refused(['client-unknown'])]),
});

export const setOperatorToken = defineRequest({
  service,
  name: 'set-operator-token',
  description: "Keeps the SHA-256 (hex) of the operator's token; the next one replaces it.",
  keyOf: () => 'operator',
  request: z.object({ tokenSha256: z.string().length(64) }),
  reply: done({}),
});

export const findOperatorToken = defineRequest({
  service,
  name: 'find-operator-token',
  description: "The SHA-256 (hex) of the operator's token, null before the first start.",
  keyOf: () => 'operator',
  request: z.object({}),
  reply: done({ tokenSha256: z.string().length(64).nullable() }),
});
