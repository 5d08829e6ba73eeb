import type { ChangeEvent } from '@kwota/contracts/changes.v1';
import { readRoute, schemaOf } from '../src/describe-api/ovh-schema.js';
import { lackingSmsRoutes, servedSmsRoutes } from '../src/describe-api/sms-routes.js';
import { DocumentIds, documentLifetimeMs } from '../src/export-documents/document-ids.js';
import { csvRow } from '../src/export-history/messages.csv.js';
import { GatewaySettings } from '../src/edge/gateway-settings.js';
import { readGatewayConfig } from '../src/gateway.config.js';
import { Limits, refusalsPerAddressMax } from '../src/limit-requests/limits.js';
import { SharedCounts } from '../src/limit-requests/shared-counts.js';
import { OvhError } from '../src/v6/ovh-error.js';
import { MinuteWindows } from '../src/limit-requests/windows.js';
import { usageCsv } from '../src/show-usage/usage.client.js';
import { changesShownMax, Trail } from '../src/trail-changes/trail.projection.js';
import { readFileSync } from 'node:fs';
import { batchedCallsMax, batchOf } from '../src/v6/batch.js';

describe('a minute', () => {
  let nowMs = 0;
  const windows = new MinuteWindows(() => nowMs);

  it('allows so many, and what is refused takes nothing', () => {
    expect(windows.take('a', 2, 3)).toEqual({ allowed: true, remaining: 1, resetS: 60 });
    nowMs = 20_500;
    expect(windows.take('a', 2, 3)).toEqual({ allowed: false, remaining: 1, resetS: 40 });
    expect(windows.take('a', 1, 3)).toEqual({ allowed: true, remaining: 0, resetS: 40 });
    expect(windows.take('b', 3, 3)).toMatchObject({ allowed: true });
  });
  it('and then the next', () => {
    nowMs = 60_000;
    expect(windows.take('a', 3, 3)).toEqual({ allowed: true, remaining: 0, resetS: 60 });
  });
  it('more at once than a minute allows is refused at any time', () => expect(windows.take('c', 4, 3)).toMatchObject({ allowed: false }));
});

it('an address that was refused too often in a minute is not even asked who it is', async () => {
  const limits = new Limits(new GatewaySettings(readGatewayConfig({})), new SharedCounts(() => Promise.resolve(), 'gateway-1'));
  let asked = 0;
  const refuse = (): never => {
    asked += 1;
    throw new OvhError(403, 'This application key is invalid');
  };
  for (let attempt = 0; attempt < refusalsPerAddressMax; attempt += 1) await expect(limits.identify('203.0.113.7', refuse)).rejects.toThrow('invalid');
  await expect(limits.identify('203.0.113.7', refuse)).rejects.toMatchObject({ httpStatus: 429 });
  expect(asked).toBe(refusalsPerAddressMax);
  expect(await limits.identify('203.0.113.8', () => 'somebody')).toBe('somebody');
});

describe('a document’s id', () => {
  let nowMs = 1_000;
  const ids = new DocumentIds(Buffer.alloc(32, 1), () => nowMs);
  const document = { account: 'sms-kw00001-1', wayType: 'outgoing', tag: 'é' } as const;
  const id = ids.issue(document);

  it('says what is in it, to every gateway', () => expect(new DocumentIds(Buffer.alloc(32, 1), () => nowMs).read(id)).toEqual({ ...document, createdAtMs: 1_000 }));
  it.each(['', 'x', id.slice(1), `${id.slice(0, -1)}g`])('%.20j is none', (forged) => expect(ids.read(forged)).toBeUndefined());
  it('ends after a day', () => {
    nowMs += documentLifetimeMs;
    expect(ids.read(id)).toBeUndefined();
  });
});

it('a message is a line of OVH’s export (OVH.md 1.3)', () => {
  const message = {
    messageId: 10_000_066,
    userId: null,
    receiver: '+33600000004',
    sender: '+33700000000',
    text: 'a "b";\nSTOP 36184',
    tag: '',
    parts: 1,
    creditsMilli: 1_000,
    ptt: 4,
    dlr: 1,
    final: true,
    acceptedAtMs: Date.UTC(2021, 8, 28, 14, 16, 53),
    deferredUntilMs: null,
    submittedAtMs: Date.UTC(2021, 8, 28, 14, 16, 54),
    deliveredAtMs: null,
  } as const;
  expect(csvRow(message, 'Europe/Paris')).toBe('10000066;2021-09-28 16:16:53;"+33700000000";+33600000004;4;;"Success";"";"a ""b"";\nSTOP 36184";2021-09-28 16:16:54;\n');
});

it('usage as CSV quotes names and leaves out what nobody is', () =>
  expect(usageCsv([{ login: 'a"b', userId: null, messages: 1, parts: 2, delivered: 1, failed: 0, notBilled: 0, underWay: 0, credits: 1.5 }])).toBe(
    'login;userId;messages;parts;delivered;failed;notBilled;underWay;credits\n"a""b";;1;2;1;0;0;0;1.5\n',
  ));

describe('the trail', () => {
  const asked = (changeId: string, account = 'sms-kw00001-1'): ChangeEvent => ({ type: 'ChangeAsked', account, changeId, by: 'operator:first', atMs: 0, action: 'PUT /x', subjects: [], fields: [] });
  const ended = (changeId: string): ChangeEvent => ({ type: 'ChangeEnded', account: 'sms-kw00001-1', changeId, by: 'operator:first', atMs: 1, outcome: 'done', httpStatus: 200 });

  it('joins how a change was asked for and how it ended, in whatever number they come', () => {
    const trail = new Trail();
    for (const event of [asked('1'), asked('2', '-'), ended('1'), asked('1'), ended('1'), ended('3')]) trail.apply(event);
    expect(trail.list(undefined).map(({ id, account, outcome }) => [id, account, outcome])).toEqual([
      ['1', 'sms-kw00001-1', 'done'],
      ['2', null, 'unknown'],
    ]);
    expect(trail.list('sms-kw00001-1')).toHaveLength(1);
  });

  it('shows the newest', () => {
    const trail = new Trail();
    for (let change = 0; change <= changesShownMax; change += 1) trail.apply(asked(String(change)));
    expect(trail.list(undefined).map(({ id }) => id)).toEqual(Array.from({ length: changesShownMax }, (_, index) => String(index + 1)));
  });
});

describe('a batch', () => {
  it('of two parts of the path is each with each', () =>
    expect(batchOf(',', 'GET', { serviceName: 'a,b', login: 'c,d' })?.map(({ key, params }) => [key, params['serviceName'], params['login']])).toEqual([
      ['a,c', 'a', 'c'],
      ['a,d', 'a', 'd'],
      ['b,c', 'b', 'c'],
      ['b,d', 'b', 'd'],
    ]));
  it('is none without the header', () => expect(batchOf('', 'GET', { login: 'a,b' })).toBeUndefined());
  it('has its limit', () => expect(() => batchOf(',', 'GET', { id: '1,'.repeat(batchedCallsMax) })).toThrow('at most 1000'.replace('at most', 'more than')));
});

it('docs/ovh-routes.md names every route', () => {
  const page = readFileSync(new URL('../../../docs/ovh-routes.md', import.meta.url), 'utf8');
  const paths = [...servedSmsRoutes, ...lackingSmsRoutes].map((line) => `\`${readRoute(line).path}\``);
  expect(paths.filter((path) => !page.includes(path))).toEqual([]);
});

it('a schema’s models say what may be null and what is read only', () => {
  const { models, apis } = schemaOf('sms', 'https://sms.example.org/1.0');
  expect(models['sms.Outgoing']).toMatchObject({ properties: { deliveredAt: { type: 'datetime', canBeNull: true, readOnly: true }, ptt: { type: 'long', canBeNull: false } } });
  expect(models['sms.PackQuantityAutomaticRecreditEnum']).toMatchObject({ enumType: 'long', enum: expect.arrayContaining([100, 10_000]) });
  const users = apis.find(({ path }) => path === '/sms/{serviceName}/users');
  expect(users?.operations).toEqual([
    expect.objectContaining({ httpMethod: 'GET', responseType: 'string[]', noAuthentication: false }),
    expect.objectContaining({ httpMethod: 'POST', parameters: [expect.objectContaining({ paramType: 'path', name: 'serviceName' }), expect.objectContaining({ paramType: 'body', name: 'login', required: true }), expect.anything()] }),
  ]);
});
