import { accountEnums, accountModels, authRoutes, meRoutes } from './account-routes.js';
import { smsEnums, smsModels } from './sms-models.js';
import { lackingSmsRoutes, servedSmsRoutes } from './sms-routes.js';

export type RouteParameter = Readonly<{ name: string; type: string; required: boolean }>;
export type Route = Readonly<{ method: string; path: string; parameters: readonly RouteParameter[]; answer: string }>;

/** One line of the tables: `METHOD path(name? type, …) answer`. @throws TypeError for a line that is none. */
export const readRoute = (line: string): Route => {
  const [, method = '', path = '', parameters = '', answer = ''] = /^([A-Z]+) (\/\S*?)\((.*)\) (\S+)$/.exec(line) ?? [];
  if (!method) throw new TypeError(`not a route: ${line}`);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ name, type: idTypes[name] ?? 'string', required: true }));
  const given = parameters
    .split(', ')
    .filter(Boolean)
    .map((parameter) => {
      const [name = '', type = ''] = parameter.split(' ');
      return { name: name === '~' ? '' : name.replace('?', ''), type, required: !name.endsWith('?') };
    });
  return { method, path, parameters: [...inPath, ...given], answer };
};

const idTypes: Readonly<Record<string, string>> = { id: 'long', slotId: 'long', taskId: 'long', applicationId: 'long', credentialId: 'long' };

export type SchemaName = 'sms' | 'auth' | 'me';
const routesOf: Readonly<Record<SchemaName, readonly string[]>> = { sms: [...servedSmsRoutes, ...lackingSmsRoutes], auth: authRoutes, me: meRoutes };
export const schemaNames = Object.keys(routesOf) as SchemaName[];
const descriptions: Readonly<Record<SchemaName, string>> = { sms: 'SMS accounts and their users', auth: 'Keys and the clock', me: 'The owner' };

/** Without authentication (OVH.md 1.2). */
export const openPaths: ReadonlySet<string> = new Set(['/sms/rates/destinations', '/sms/rates/packs', '/auth/time', '/auth/credential']);

/** What a client reads at `/1.0/`: where the schemas are. */
export const schemaIndex = (basePath: string) => ({
  apiVersion: '1.0',
  basePath,
  apis: schemaNames.map((name) => ({ path: `/${name}`, schema: '{path}.{format}', format: ['json'], description: descriptions[name] })),
});

/** One API in OVH's own schema format, which its console and schema-driven clients read (OVH.md 1.2, 1.3). */
export const schemaOf = (name: SchemaName, basePath: string) => {
  const routes = routesOf[name].map(readRoute);
  const paths = [...new Set(routes.map(({ path }) => path))].toSorted();
  return {
    apiVersion: '1.0',
    resourcePath: `/${name}`,
    basePath,
    apis: paths.map((path) => ({
      path,
      description: describe(path),
      operations: routes.filter((route) => route.path === path).map(operationOf),
    })),
    models: name === 'sms' ? modelsOf(smsModels, smsEnums) : modelsOf(accountModels, accountEnums),
  };
};

/** Where it is, in words: routes are many, and their names say it. */
const describe = (path: string): string => path.split('/').filter((part) => part && !part.startsWith('{')).join(' ');
const verbs: Readonly<Record<string, string>> = { GET: 'Read', POST: 'Create or do', PUT: 'Change', DELETE: 'Delete' };

const operationOf = ({ method, path, parameters, answer }: Route) => ({
  httpMethod: method,
  description: `${answer.endsWith('[]') ? 'List' : verbs[method]}: ${describe(path)}`,
  noAuthentication: openPaths.has(path),
  apiStatus: { value: 'PRODUCTION', description: 'Stable production version' },
  parameters: parameters.map(({ name, type, required }) => ({
    name,
    dataType: type,
    fullType: type,
    paramType: path.includes(`{${name}}`) ? 'path' : method === 'GET' || method === 'DELETE' ? 'query' : 'body',
    required,
    description: null,
  })),
  responseType: answer,
  responseFullType: answer,
});

const modelsOf = (models: Readonly<Record<string, string>>, enums: Readonly<Record<string, string>>) =>
  Object.fromEntries([
    ...Object.entries(models).map(([name, fields]) => [name, modelOf(name, fields)] as const),
    ...Object.entries(enums).map(([name, values]) => [name, enumOf(name, values.split(' '))] as const),
  ]);

const named = (name: string) => ({ id: name.slice(name.lastIndexOf('.') + 1), namespace: name.slice(0, name.lastIndexOf('.')), description: describeName(name) });
const describeName = (name: string): string => name.slice(name.lastIndexOf('.') + 1).replaceAll(/(?<=[a-z])([A-Z])/g, ' $1').toLowerCase();

const modelOf = (name: string, fields: string) => ({
  ...named(name),
  properties: Object.fromEntries(
    fields.split('; ').map((field) => {
      const [property = '', type = ''] = field.split(' ');
      const bare = type.replaceAll(/[?!]/g, '');
      return [property, { type: bare, fullType: bare, canBeNull: type.includes('?'), readOnly: type.includes('!'), required: !type.includes('?'), description: null }];
    }),
  ),
});

const enumOf = (name: string, values: readonly string[]) => {
  const isLong = values.every((value) => /^\d+$/.test(value));
  return { ...named(name), enumType: isLong ? 'long' : 'string', enum: isLong ? values.map(Number) : values };
};
