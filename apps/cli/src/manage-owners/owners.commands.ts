import { z } from 'zod';
import { below, failed, type OperatorApi } from '../operator-api.client.js';
import { done, facts, misused, table, type Report } from '../report.js';

const owner = z.looseObject({ ownerId: z.string(), email: z.string(), firstname: z.string(), name: z.string(), accounts: z.array(z.string()), hasPassword: z.boolean() });
const credential = z.looseObject({ credentialId: z.number(), status: z.string(), rules: z.array(z.object({ method: z.string(), path: z.string() })) });
const application = z.looseObject({ applicationKey: z.string(), name: z.string(), credentials: z.array(credential) });
const keys = z.looseObject({ applicationKey: z.string(), applicationSecret: z.string(), consumerKey: z.string().optional() });
const client = z.looseObject({ clientId: z.string(), name: z.string() });
const clientSecret = z.looseObject({ clientId: z.string(), clientSecret: z.string() });
const operator = z.object({ name: z.string(), role: z.string() });

/** What `owner create` and `owner set` were given; left out stays as it is. */
export type OwnerChange = Readonly<{ email?: string; firstname?: string; name?: string; accounts?: readonly string[]; password?: string }>;
export type AccessRule = Readonly<{ method: string; path: string }>;

export const listOwners = async (api: OperatorApi): Promise<Report> => {
  const answer = await api.get(below('owners'), z.array(owner));
  if (answer.outcome !== 'done') return failed(answer);
  const rows = answer.body.map(({ ownerId, email, firstname, name, accounts }) => [ownerId, `${firstname} ${name}`.trim() || '-', email || '-', accounts.join(' ') || 'none']);
  return done(answer.body, rows.length === 0 ? 'no owners' : table(['owner', 'name', 'e-mail', 'accounts'], rows));
};

export const createOwner = async (api: OperatorApi, ownerId: string, change: OwnerChange): Promise<Report> => {
  const answer = await api.post(below('owners'), { ownerId, ...change }, z.null());
  return answer.outcome === 'done' ? done({ ownerId }, `${ownerId} created`) : failed(answer);
};

export const setOwner = async (api: OperatorApi, ownerId: string, change: OwnerChange): Promise<Report> => {
  if (Object.keys(change).length === 0) return misused('nothing to set: see kwota owner set --help');
  const answer = await api.put(below('owners', ownerId), change);
  return answer.outcome === 'done' ? done({ ownerId }, `${ownerId} changed`) : failed(answer);
};

/** His accounts stay. */
export const deleteOwner = async (api: OperatorApi, ownerId: string): Promise<Report> => {
  const answer = await api.delete(below('owners', ownerId));
  return answer.outcome === 'done' ? done({ ownerId }, `${ownerId} deleted, with all his keys`) : failed(answer);
};

export const listApplications = async (api: OperatorApi, ownerId: string): Promise<Report> => {
  const answer = await api.get(below('owners', ownerId, 'applications'), z.array(application));
  if (answer.outcome !== 'done') return failed(answer);
  const rows = answer.body.flatMap(({ applicationKey, name, credentials }) =>
    (credentials.length === 0 ? [undefined] : credentials).map((one) => [
      applicationKey,
      name || '-',
      one ? String(one.credentialId) : '-',
      one?.status ?? 'no consumer key',
      one?.rules.map(({ method, path }) => `${method} ${path}`).join(', ') ?? '',
    ]),
  );
  return done(answer.body, rows.length === 0 ? 'no applications' : table(['application key', 'name', 'credential', 'state', 'rights'], rows));
};

/** Its secret and its consumer key are shown once. */
export const createApplication = async (api: OperatorApi, ownerId: string, name: string | undefined, accessRules: readonly AccessRule[]): Promise<Report> => {
  const answer = await api.post(below('owners', ownerId, 'applications'), { ...(name === undefined ? {} : { name }), accessRules }, keys);
  if (answer.outcome !== 'done') return failed(answer);
  const { applicationKey, applicationSecret, consumerKey } = answer.body;
  return done(answer.body, `Shown only now:\n${facts([['application key', applicationKey], ['application secret', applicationSecret], ['consumer key', consumerKey ?? 'none']])}`);
};

export const rotateApplication = async (api: OperatorApi, ownerId: string, applicationKey: string, overlapHours: number | undefined): Promise<Report> => {
  const answer = await api.post(below('owners', ownerId, 'applications', applicationKey, 'rotate'), overlapHours === undefined ? {} : { overlapHours }, keys);
  return answer.outcome === 'done' ? done(answer.body, `the new secret, shown only now: ${answer.body.applicationSecret}`) : failed(answer);
};

export const deleteApplication = async (api: OperatorApi, ownerId: string, applicationKey: string): Promise<Report> => {
  const answer = await api.delete(below('owners', ownerId, 'applications', applicationKey));
  return answer.outcome === 'done' ? done({ applicationKey }, `${applicationKey} deleted`) : failed(answer);
};

export const revokeCredential = async (api: OperatorApi, ownerId: string, credentialId: string): Promise<Report> => {
  const answer = await api.delete(below('owners', ownerId, 'credentials', credentialId));
  return answer.outcome === 'done' ? done({ credentialId }, `credential ${credentialId} is void`) : failed(answer);
};

export const listClients = async (api: OperatorApi, ownerId: string): Promise<Report> => {
  const answer = await api.get(below('owners', ownerId, 'clients'), z.array(client));
  if (answer.outcome !== 'done') return failed(answer);
  return done(answer.body, answer.body.length === 0 ? 'no OAuth2 clients' : table(['client id', 'name'], answer.body.map(({ clientId, name }) => [clientId, name || '-'])));
};

export const createClient = async (api: OperatorApi, ownerId: string, name: string | undefined): Promise<Report> => {
  const answer = await api.post(below('owners', ownerId, 'clients'), name === undefined ? {} : { name }, clientSecret);
  if (answer.outcome !== 'done') return failed(answer);
  return done(answer.body, `Shown only now:\n${facts([['client id', answer.body.clientId], ['client secret', answer.body.clientSecret]])}`);
};

export const rotateClient = async (api: OperatorApi, ownerId: string, clientId: string, overlapHours: number | undefined): Promise<Report> => {
  const answer = await api.post(below('owners', ownerId, 'clients', clientId, 'rotate'), overlapHours === undefined ? {} : { overlapHours }, clientSecret);
  return answer.outcome === 'done' ? done(answer.body, `the new secret, shown only now: ${answer.body.clientSecret}`) : failed(answer);
};

export const deleteClient = async (api: OperatorApi, ownerId: string, clientId: string): Promise<Report> => {
  const answer = await api.delete(below('owners', ownerId, 'clients', clientId));
  return answer.outcome === 'done' ? done({ clientId }, `${clientId} deleted`) : failed(answer);
};

export const listOperators = async (api: OperatorApi): Promise<Report> => {
  const answer = await api.get(below('operators'), z.array(operator));
  return answer.outcome === 'done' ? done(answer.body, table(['operator', 'role'], answer.body.map(({ name, role }) => [name, role]))) : failed(answer);
};

/** Under a name that is there: a new token. */
export const saveOperator = async (api: OperatorApi, name: string, role: string): Promise<Report> => {
  const answer = await api.post(below('operators'), { name, role }, operator.extend({ operatorToken: z.string() }));
  return answer.outcome === 'done' ? done(answer.body, `${name} is ${role}; the token, shown only now: ${answer.body.operatorToken}`) : failed(answer);
};

export const deleteOperator = async (api: OperatorApi, name: string): Promise<Report> => {
  const answer = await api.delete(below('operators', name));
  return answer.outcome === 'done' ? done({ name }, `${name} is no operator any more`) : failed(answer);
};
