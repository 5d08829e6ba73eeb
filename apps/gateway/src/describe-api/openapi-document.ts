import type { OpenAPIObject } from '@nestjs/swagger';
import { formatAnswer, answerTypes } from '../http2sms/http2sms.answer.js';
import { accountEnums, accountModels, authRoutes, meRoutes } from './account-routes.js';
import { openPaths, readRoute, type Route } from './ovh-schema.js';
import { smsEnums, smsModels } from './sms-models.js';
import { servedSmsRoutes } from './sms-routes.js';

type Schema = Record<string, unknown>;
type Parameter = { name: string; in: string; required?: boolean; schema?: Schema };
type Operation = {
  security?: unknown[];
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: unknown;
  responses: Record<string, { description: string; content?: Record<string, { schema?: Schema; example?: unknown; examples?: unknown }> }>;
};
type Paths = Record<string, Record<string, Operation>>;

const http2smsPath = '/cgi-bin/sms/http2sms.cgi';
const routes = new Map([...servedSmsRoutes, ...authRoutes, ...meRoutes].map((line) => readRoute(line)).map((route) => [`${route.method} /1.0${route.path}`, route]));

/**
 * Nest's document, finished: the alias /v1 left out, OVH's types from the tables, names that a generator can use, and what every answer
 * may be beside the good one.
 */
export const finishDocument = (document: OpenAPIObject): OpenAPIObject => {
  const paths: Paths = {};
  for (const [path, operations] of Object.entries(document.paths as unknown as Paths)) {
    if (path.startsWith('/v1/')) continue;
    const methods = Object.entries(operations).filter(([method]) => path !== http2smsPath || method === 'get' || method === 'post');
    paths[path] = Object.fromEntries(methods.map(([method, operation]) => [method, finishOperation(path, method, operation)]));
  }
  finishHttp2Sms(paths[http2smsPath]);
  const metrics = paths['/metrics']?.['get'];
  if (metrics) metrics.responses = { 200: { description: 'Prometheus text', content: { 'text/plain': { schema: { type: 'string' } } } } };
  finishToken(paths['/auth/oauth2/token']?.['post']);
  const schemas = usedBy(paths, { ...document.components?.schemas, ...ovhSchemas(), Refusal: refusal });
  return { ...document, paths, components: { ...document.components, schemas } } as unknown as OpenAPIObject;
};

/** Those that the paths refer to, and what these refer to. */
const usedBy = (paths: Paths, schemas: Record<string, unknown>): Record<string, unknown> => {
  const used = new Set<string>();
  for (let waiting: unknown[] = [paths]; waiting.length > 0; ) {
    const named = [...JSON.stringify(waiting).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name).filter((name) => !used.has(name));
    for (const name of named) used.add(name);
    waiting = [...new Set(named)].map((name) => schemas[name]);
  }
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
};

/** OVH.md 2.4. */
const refusal: Schema = {
  type: 'object',
  required: ['message'],
  properties: {
    message: { type: 'string', example: 'The requested object does not exist' },
    class: { type: 'string', example: 'Client::NotFound' },
    errorCode: { type: 'string', example: 'INVALID_CREDENTIAL' },
    httpCode: { type: 'string', example: '403 Forbidden' },
  },
};

const finishOperation = (path: string, method: string, operation: Operation): Operation => {
  const route = routes.get(`${method.toUpperCase()} ${path}`);
  const isOurs = path.startsWith('/1.0') || path.startsWith('/operator') || path.startsWith('/document') || path.startsWith('/auth');
  return {
    ...operation,
    operationId: operationIdOf(path, method),
    // Without a key: OVH's open routes, and what has its own way of asking.
    ...(isOpen(path) ? { security: [] } : {}),
    parameters: parametersOf(path, method, operation, route),
    responses: {
      ...answersOf(path, method, operation, route),
      ...(isOurs ? { default: { description: 'Refused, or failed: the message says why', content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } } } } : {}),
    },
  };
};

const isOpen = (path: string): boolean => (path.startsWith('/1.0') ? openPaths.has(path.slice('/1.0'.length)) : !path.startsWith('/operator'));

/** `GET /1.0/sms/{serviceName}/users` is getSmsServiceNameUsers. */
const operationIdOf = (path: string, method: string): string =>
  method +
  path
    .replace(/^\/1\.0/, '')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

/** Nest names a header twice, by its decorator and by its argument; it takes every part of a path for any text, and does not know what is read as a whole. */
const parametersOf = (path: string, method: string, { parameters = [] }: Operation, route: Route | undefined): Parameter[] => {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = method === 'get' ? (route?.parameters ?? []).filter(({ name }) => !path.includes(`{${name}}`)).map(({ name, required }) => ({ name, in: 'query', required })) : [];
  const named = new Map<string, Parameter>();
  for (const parameter of [...parameters, ...inPath, ...inQuery]) {
    const key = `${parameter.in} ${parameter.name.toLowerCase()}`;
    const known = named.get(key);
    // A header's decorator says that it may be left out, its argument cannot.
    if (!known || (parameter.in === 'header' && parameter.required === false)) named.set(key, parameter);
  }
  return [...named.values()].map((parameter) => {
    if (parameter.in === 'header') return { ...parameter, schema: { type: 'string', maxLength: 128, pattern: '^[!-~]+$' } };
    const type = route?.parameters.find(({ name }) => name === parameter.name)?.type;
    const schema = type && !parameter.schema?.['enum'] ? schemaOf(type) : (parameter.schema ?? { type: 'string' });
    return { ...parameter, schema: parameter.in === 'path' ? { ...schema, ...limitsOf[parameter.name] } : schema };
  });
};

/** What a name in a path can be (DESIGN §7). */
const limitsOf: Readonly<Record<string, Schema>> = {
  serviceName: { minLength: 1, maxLength: 64, example: 'sms-kw00001-1' },
  login: { minLength: 1, maxLength: 40, example: 'demo' },
  sender: { minLength: 1, maxLength: 16, example: 'KWOTA' },
  ownerId: { minLength: 2, maxLength: 40, pattern: '^[a-z0-9][a-z0-9-]{1,39}$', example: 'kw1-kwota' },
};

/** The good answer: OVH's type by the tables, else what the controller says; `null` where it says nothing. */
const answersOf = (path: string, method: string, { responses }: Operation, route: Route | undefined): Operation['responses'] =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const description = response.description || 'Done';
      if (route) return [status, { description, content: { 'application/json': { schema: schemaOf(route.answer) } } }];
      const schema = unsaid[`${method} ${path}`] ?? schemaOf('void');
      return [status, { ...response, description, ...(response.content ? {} : { content: { 'application/json': { schema } } }) }];
    }),
  );

/** What a controller cannot say. */
const unsaid: Readonly<Record<string, Schema>> = {
  'get /operator/accounts/{serviceName}': { $ref: '#/components/schemas/sms.Account' },
  'get /health/live': { type: 'object' },
  'get /health/ready': { type: 'object' },
};
const basic: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  long: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  datetime: { type: 'string', format: 'date-time' },
  void: { type: 'object', nullable: true, enum: [null], description: 'null' },
};

const schemaOf = (type: string): Schema => {
  if (type.endsWith('[]')) return { type: 'array', items: schemaOf(type.slice(0, -2)) };
  return basic[type] ?? { $ref: `#/components/schemas/${type}` };
};

/** The models and enumerations of OVH's schema as OpenAPI has them. Nothing is required of them: clients of either side may be older. */
const ovhSchemas = (): Record<string, Schema> => ({
  ...Object.fromEntries(Object.entries({ ...smsModels, ...accountModels }).map(([name, fields]) => [name, objectOf(fields)])),
  ...Object.fromEntries(
    Object.entries({ ...smsEnums, ...accountEnums }).map(([name, values]) => {
      const type = kindOf(name);
      return [name, { type, enum: type === 'integer' ? values.split(' ').map(Number) : values.split(' ') }];
    }),
  ),
});

/** A choice of numbers, a choice of words, or an object. */
const kindOf = (name: string): string => {
  const values = smsEnums[name] ?? accountEnums[name];
  if (values === undefined) return 'object';
  return values.split(' ').every((value) => /^\d+$/.test(value)) ? 'integer' : 'string';
};

const objectOf = (fields: string): Schema => ({
  type: 'object',
  properties: Object.fromEntries(
    fields.split('; ').map((field) => {
      const [name = '', type = ''] = field.split(' ');
      const schema = schemaOf(type.replaceAll(/[?!]/g, ''));
      if (!type.includes('?')) return [name, schema];
      return [name, '$ref' in schema ? { type: kindOf(type.replaceAll(/[?!]/g, '')), allOf: [schema], nullable: true } : { ...schema, nullable: true }];
    }),
  ),
});

/** The same parameters in the query or as a form, and the answer in the form that contentType asks for. */
const finishHttp2Sms = (operations: Record<string, Operation> | undefined): void => {
  if (!operations) return;
  const good = { status: 100, creditLeft: '1987', smsIds: [10_867_690] } as const;
  const content = Object.fromEntries(answerTypes.map((type) => [type, { schema: { type: /json/.test(type) ? 'object' : 'string' }, example: exampleOf(formatAnswer(good, type).body, type) }]));
  const description = 'Always 200: the status is in the body';
  const { get, post } = operations;
  if (get) get.responses = { 200: { description, content } };
  if (!post) return;
  const fields = (post.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const properties = Object.fromEntries(fields.map(({ name, schema = {} }) => [name, schema]));
  const required = fields.filter((parameter) => parameter.required).map(({ name }) => name);
  post.parameters = [];
  post.requestBody = { required: true, content: { 'application/x-www-form-urlencoded': { schema: { type: 'object', properties, required } } } };
  post.responses = { 200: { description, content } };
};
const exampleOf = (body: string, type: string): unknown => (/json/.test(type) ? JSON.parse(body) : body);

const finishToken = (operation: Operation | undefined): void => {
  if (!operation) return;
  const text = { type: 'string' };
  const properties = { grant_type: { type: 'string', enum: ['client_credentials'] }, scope: text, client_id: text, client_secret: text };
  operation.requestBody = { required: true, content: { 'application/x-www-form-urlencoded': { schema: { type: 'object', properties, required: ['grant_type'] } } } };
  const token = { access_token: text, token_type: text, expires_in: { type: 'integer' }, scope: text };
  operation.responses = { ...operation.responses, 200: { description: 'A token', content: { 'application/json': { schema: { type: 'object', properties: token } } } } };
};
