import { connectorSettingsSchema } from '@kwota/contracts/carrier.requests.v1';
import { z } from 'zod';
import { failed, type OperatorApi } from '../operator-api.client.js';
import { done, facts, misused, table, type Report } from '../report.js';

const connectorView = z.object({
  name: z.string(),
  smsc: z.string(),
  systemId: z.string(),
  settings: connectorSettingsSchema,
  paused: z.boolean(),
  bound: z.boolean(),
  problem: z.string(),
  queued: z.number(),
  unanswered: z.number(),
});
const carriersView = z.object({ paused: z.boolean(), connectors: z.array(connectorView), withoutRoute: z.number() });
type ConnectorView = z.infer<typeof connectorView>;

const pathOf = (name: string): string => `/carriers/${encodeURIComponent(name)}`;

/** `name=value` as the operator API takes it: JSON where it is, else text. */
export const settingsOf = (given: readonly string[]): Record<string, unknown> | string => {
  const settings: Record<string, unknown> = {};
  for (const one of given) {
    const [, name, value] = /^([A-Za-z]+(?:\.[A-Za-z]+)*)=(.*)$/s.exec(one) ?? [];
    if (name === undefined || value === undefined) return `${one.split('=', 1)[0]}: a setting is name=value`;
    settings[name] = name === 'prefixes' ? value.split(',').filter((prefix) => prefix !== '') : jsonOrText(value);
  }
  return settings;
};

const jsonOrText = (value: string): unknown => {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};

/** All SMSCs: whether each is bound, and what waits for it. */
export const listCarriers = async (api: OperatorApi): Promise<Report> => {
  const answer = await api.get('/carriers', carriersView);
  if (answer.outcome !== 'done') return failed(answer);
  const { paused, connectors, withoutRoute } = answer.body;
  const rows = connectors.map((one) => [one.name, one.smsc, stateOf(one), one.settings.prefixes.join(' ') || 'all', String(one.settings.weight), String(one.queued), String(one.unanswered)]);
  const notes = [...(paused ? ['everything is paused: kwota carriers resume'] : []), ...(withoutRoute > 0 ? [`${withoutRoute} parts that no connector takes`] : [])];
  return done(answer.body, [table(['name', 'smsc', 'state', 'prefixes', 'weight', 'queued', 'unanswered'], rows), ...notes].join('\n'));
};

export const showCarrier = async (api: OperatorApi, name: string): Promise<Report> => {
  const answer = await api.get(pathOf(name), connectorView);
  if (answer.outcome !== 'done') return failed(answer);
  const { smsc, systemId, settings, queued, unanswered } = answer.body;
  const shown = Object.entries(settings).map(([setting, value]): [string, string] => [setting, typeof value === 'object' ? JSON.stringify(value) : String(value)]);
  return done(answer.body, facts([['name', name], ['smsc', smsc], ['system_id', systemId], ['state', stateOf(answer.body)], ['queued', String(queued)], ['unanswered', String(unanswered)], ...shown]));
};

export const addCarrier = async (api: OperatorApi, name: string, url: string, given: readonly string[]): Promise<Report> => {
  const settings = settingsOf(given);
  if (typeof settings === 'string') return misused(settings);
  const answer = await api.post('/carriers', { ...settings, name, url }, z.null());
  return answer.outcome === 'done' ? done({ name, outcome: 'added' }, `${name} is added`) : failed(answer);
};

export const setCarrier = async (api: OperatorApi, name: string, given: readonly string[], url: string | undefined): Promise<Report> => {
  const settings = settingsOf(given);
  if (typeof settings === 'string') return misused(settings);
  if (given.length === 0 && url === undefined) return misused('nothing to set: see kwota carriers set --help');
  const answer = await api.put(pathOf(name), { ...settings, ...(url !== undefined && { url }) });
  return answer.outcome === 'done' ? done({ name, outcome: 'changed' }, `${name} is changed`) : failed(answer);
};

export const removeCarrier = async (api: OperatorApi, name: string): Promise<Report> => {
  const answer = await api.delete(pathOf(name));
  return answer.outcome === 'done' ? done({ name, outcome: 'removed' }, `${name} is removed`) : failed(answer);
};

/** Without a name: everything. */
export const pauseCarriers = async (api: OperatorApi, name: string | undefined, paused: boolean): Promise<Report> => {
  const answer = name === undefined ? await api.post(`/carriers/${paused ? 'pause' : 'resume'}`, undefined, z.null()) : await api.put(pathOf(name), { paused });
  const outcome = paused ? 'paused' : 'resumed';
  return answer.outcome === 'done' ? done({ name: name ?? null, outcome }, `${name ?? 'sending'} is ${outcome}`) : failed(answer);
};

const stateOf = ({ paused, bound, problem }: ConnectorView): string => {
  if (paused) return 'paused';
  return bound ? 'bound' : `away: ${problem}`;
};
