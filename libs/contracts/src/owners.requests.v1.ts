// Requests to users about those who manage: owners with their applications, keys and OAuth2 clients, and operators.
import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const service = 'users';
const ownerId = z.string().regex(/^[a-z0-9][a-z0-9-]{1,39}$/);
const key = z.string().min(8).max(64);
const sha256 = z.string().length(64);
const name = z.string().max(100);
const accessRule = z.object({ method: z.string().max(10), path: z.string().max(300) });

const ownerView = z.object({ ownerId, email: z.string().max(254), firstname: name, name, accounts: z.array(f.account), hasPassword: z.boolean() });
export type OwnerView = z.infer<typeof ownerView>;

export const saveOwner = defineRequest({
  service,
  name: 'save-owner',
  description: 'An owner with the accounts that are his. What is left out stays; the password is sealed with the owner id as associated data.',
  keyOf: (request) => request.ownerId,
  request: z.object({
    ownerId,
    email: z.string().max(254).optional(),
    firstname: name.optional(),
    name: name.optional(),
    accounts: z.array(f.account).max(1_000).optional(),
    sealedPassword: f.sealed.optional(),
  }),
  reply: z.union([done({ created: z.boolean() }), refused(['account-unknown'])]),
});

export const listOwners = defineRequest({
  service,
  name: 'list-owners',
  description: 'All owners, or the one named.',
  keyOf: () => 'owners',
  request: z.object({ ownerId: ownerId.optional() }),
  reply: done({ owners: z.array(ownerView) }),
});

export const deleteOwner = defineRequest({
  service,
  name: 'delete-owner',
  description: 'Ends an owner with all his applications, consumer keys and OAuth2 clients; his accounts stay.',
  keyOf: (request) => request.ownerId,
  request: z.object({ ownerId }),
  reply: z.union([done({}), refused(['owner-unknown'])]),
});

export const saveApplication = defineRequest({
  service,
  name: 'save-application',
  description:
    'An application of an owner, or a new secret for one that is there: the one before is good for `overlapMs` more. The secret is sealed with the application key as associated data.',
  keyOf: ({ applicationKey }) => applicationKey,
  request: z.object({
    applicationKey: key,
    ownerId,
    name: name.optional(),
    description: z.string().max(200).optional(),
    sealedApplicationSecret: f.sealed.optional(),
    overlapMs: z.int().nonnegative().optional(),
  }),
  reply: z.union([done({ created: z.boolean() }), refused(['owner-unknown', 'application-taken', 'secret-missing'])]),
});

export const listApplications = defineRequest({
  service,
  name: 'list-applications',
  description: 'Applications without their secrets: of an owner, or all.',
  keyOf: () => 'owners',
  request: z.object({ ownerId: ownerId.optional() }),
  reply: done({
    applications: z.array(z.object({ applicationId: z.int(), applicationKey: key, ownerId, name, description: z.string(), secretChangedAtMs: f.timeMs, previousUntilMs: f.timeMs.nullable() })),
  }),
});

export const deleteApplication = defineRequest({
  service,
  name: 'delete-application',
  description: 'Ends an application with its consumer keys.',
  keyOf: ({ applicationKey }) => applicationKey,
  request: z.object({ applicationKey: key }),
  reply: z.union([done({}), refused(['application-unknown'])]),
});

export const requestCredential = defineRequest({
  service,
  name: 'request-credential',
  description: 'A consumer key for an application, void until its owner validates it. The token of the validation page comes as its SHA-256 (hex).',
  keyOf: ({ applicationKey }) => applicationKey,
  request: z.object({
    applicationKey: z.string().max(64),
    consumerKey: key,
    tokenSha256: sha256,
    rules: z.array(accessRule).max(100),
    redirection: z.string().max(2_048).nullable(),
    allowedIps: z.array(z.string().max(50)).max(50),
  }),
  reply: z.union([done({}), refused(['application-unknown'])]),
});

export const findCredentialRequest = defineRequest({
  service,
  name: 'find-credential-request',
  description: 'What the validation page shows of a consumer key that waits.',
  keyOf: ({ tokenSha256 }) => tokenSha256,
  request: z.object({ tokenSha256: sha256 }),
  reply: z.union([
    done({ ownerId, applicationName: name, rules: z.array(accessRule), redirection: z.string().nullable(), status: z.string() }),
    refused(['credential-unknown']),
  ]),
});

export const validateCredential = defineRequest({
  service,
  name: 'validate-credential',
  description: 'Opens a waiting consumer key, or refuses it. The password is the owner’s, sealed with the owner id as associated data; an operator needs none.',
  keyOf: ({ tokenSha256 }) => tokenSha256,
  request: z.object({
    tokenSha256: sha256,
    ownerId: z.string().max(64),
    sealedPassword: f.sealed.optional(),
    granted: z.boolean(),
    expiresAtMs: f.timeMs.nullable(),
  }),
  reply: z.union([done({ redirection: z.string().nullable() }), refused(['credential-unknown', 'bad-credentials'])]),
});

const credentialView = z.object({
  credentialId: z.int(),
  applicationKey: key,
  ownerId: ownerId.nullable(),
  rules: z.array(accessRule),
  allowedIps: z.array(z.string()),
  status: z.enum(['pendingValidation', 'validated', 'refused', 'expired']),
  createdAtMs: f.timeMs,
  expiresAtMs: f.timeMs.nullable(),
  lastUseAtMs: f.timeMs.nullable(),
});
export type CredentialView = z.infer<typeof credentialView>;

export const listCredentials = defineRequest({
  service,
  name: 'list-credentials',
  description: 'Consumer keys without the keys themselves: of an application, of an owner, or the one named.',
  keyOf: () => 'owners',
  request: z.object({ applicationKey: key.optional(), ownerId: ownerId.optional(), credentialId: z.int().optional() }),
  reply: done({ credentials: z.array(credentialView) }),
});

export const revokeCredential = defineRequest({
  service,
  name: 'revoke-credential',
  description: 'Ends a consumer key: it is expired from now on.',
  keyOf: ({ credentialId }) => String(credentialId),
  request: z.object({ credentialId: z.int() }),
  reply: z.union([done({}), refused(['credential-unknown'])]),
});

export const saveOauthClient = defineRequest({
  service,
  name: 'save-oauth-client',
  description: 'An OAuth2 client of an owner, or a new secret for one that is there: the one before is good for `overlapMs` more. The secret is sealed with the client id as associated data.',
  keyOf: ({ clientId }) => clientId,
  request: z.object({ clientId: key, ownerId, name: name.optional(), sealedClientSecret: f.sealed.optional(), overlapMs: z.int().nonnegative().optional() }),
  reply: z.union([done({ created: z.boolean() }), refused(['owner-unknown', 'client-taken', 'secret-missing'])]),
});

export const listOauthClients = defineRequest({
  service,
  name: 'list-oauth-clients',
  description: 'OAuth2 clients without their secrets: of an owner, or all.',
  keyOf: () => 'owners',
  request: z.object({ ownerId: ownerId.optional() }),
  reply: done({ clients: z.array(z.object({ clientId: key, ownerId: ownerId.nullable(), name, previousUntilMs: f.timeMs.nullable() })) }),
});

export const deleteOauthClient = defineRequest({
  service,
  name: 'delete-oauth-client',
  description: 'Ends an OAuth2 client, and with it its tokens.',
  keyOf: ({ clientId }) => clientId,
  request: z.object({ clientId: key }),
  reply: z.union([done({}), refused(['client-unknown'])]),
});

const role = z.enum(['admin', 'auditor']);
export type OperatorRole = z.infer<typeof role>;

export const saveOperator = defineRequest({
  service,
  name: 'save-operator',
  description: 'Who may use the operator API beside the first token: an admin, or an auditor who only reads. A new token replaces the one before.',
  keyOf: () => 'operator',
  request: z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,39}$/), role, tokenSha256: sha256 }),
  reply: done({}),
});

export const listOperators = defineRequest({
  service,
  name: 'list-operators',
  description: 'Operators by name and role.',
  keyOf: () => 'operator',
  request: z.object({}),
  reply: done({ operators: z.array(z.object({ name: z.string(), role })) }),
});

export const deleteOperator = defineRequest({
  service,
  name: 'delete-operator',
  description: 'Takes an operator away.',
  keyOf: () => 'operator',
  request: z.object({ name: z.string().max(64) }),
  reply: z.union([done({}), refused(['operator-unknown'])]),
});

export const identifyOperator = defineRequest({
  service,
  name: 'identify-operator',
  description: 'Whose token has this SHA-256 (hex), the first operator’s included.',
  keyOf: () => 'operator',
  request: z.object({ tokenSha256: sha256 }),
  reply: z.union([done({ name: z.string(), role }), refused(['operator-unknown'])]),
});
