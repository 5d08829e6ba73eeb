import { failed, type Failed, type OperatorApi } from '../operator-api.client.js';
import { done, exitCodes, misused, table, type Report } from '../report.js';
import { importOvh, ImportStopped, type Import } from './import-ovh.js';
import { endpointOf, OvhApi, OvhFailure } from './ovh-api.client.js';

export type ImportOvhOptions = Readonly<{ endpoint?: string; to?: string; withCredits?: boolean }>;

/** The variables of OVH's own clients. */
const keysOf = (environment: NodeJS.ProcessEnv, endpoint: string | undefined) => ({
  endpoint: endpointOf(endpoint ?? environment['OVH_ENDPOINT'] ?? 'ovh-eu'),
  applicationKey: environment['OVH_APPLICATION_KEY'] ?? '',
  applicationSecret: environment['OVH_APPLICATION_SECRET'] ?? '',
  consumerKey: environment['OVH_CONSUMER_KEY'] ?? '',
});

export const importOvhCommand = async (api: OperatorApi, environment: NodeJS.ProcessEnv, from: string, options: ImportOvhOptions): Promise<Report> => {
  const keys = keysOf(environment, options.endpoint);
  if (!URL.canParse(keys.endpoint)) return misused('--endpoint is ovh-eu, ovh-ca, ovh-us or a URL');
  const missing = Object.entries({ OVH_APPLICATION_KEY: keys.applicationKey, OVH_APPLICATION_SECRET: keys.applicationSecret, OVH_CONSUMER_KEY: keys.consumerKey }).filter(([, value]) => !value);
  if (missing.length > 0) return misused(`needs ${missing.map(([name]) => name).join(', ')}: keys with the right GET /sms/*`);
  try {
    const imported = await importOvh(new OvhApi(keys), api, from, options.to ?? from, { withCredits: options.withCredits ?? false });
    const report = done(imported, textOf(imported));
    return imported.notTaken.length === 0 ? report : { ...report, exitCode: exitCodes.refused };
  } catch (error) {
    if (error instanceof ImportStopped) return failed(error.failure);
    if (error instanceof OvhFailure) return failed(outcomeOf(error));
    throw error;
  }
};

/** Wrong keys and an unknown account are refusals; a server that fails is as good as none. */
const outcomeOf = ({ message, httpStatus }: OvhFailure): Failed =>
  httpStatus !== undefined && httpStatus >= 400 && httpStatus < 500 ? { outcome: 'refused', httpStatus, message } : { outcome: 'unreachable', message };

const textOf = ({ account, users, passwords, senders, creditsAdded, notTaken }: Import): string =>
  [
    `${account}: ${users.length} users, ${senders.length} senders, ${creditsAdded} credits added`,
    ...(Object.keys(passwords).length === 0 ? [] : ['', 'New passwords, shown only now:', table(['login', 'password'], Object.entries(passwords))]),
    ...(notTaken.length === 0 ? [] : ['', 'Not taken:', ...notTaken]),
  ].join('\n');
