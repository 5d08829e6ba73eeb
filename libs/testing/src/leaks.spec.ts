import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { leaksInData, leaksInLines, leaksInTopics, refuseLeaks, secretsOf } from './leaks.js';

const secrets = secretsOf({ url: 'http://127.0.0.1:1', login: 'demo', password: 'aB3dE6gH', operatorToken: 'T'.repeat(40), consumerKey: 'C'.repeat(32) });
const folder = mkdtempSync(join(tmpdir(), 'kwota-leaks-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
};

it('a line with a secret, a number or a query is found, and what it is told, not the thing itself', () => {
  const lines = ['{"msg":"fine","time":1795707356370}', '{"msg":"aB3dE6gH"}', '{"to":"+33612345678"}', 'GET /http2sms?login=demo&password=x'];
  const leaks = leaksInLines(lines, secrets);
  expect(leaks).toEqual(['line 2 has password', 'line 3 has a telephone number', "line 4 has http2sms's query"]);
  expect(() => refuseLeaks('the gateway', leaks)).toThrow('what the gateway wrote must not be there: line 2 has password');
});

it('what a first start shows once is none', () => expect(leaksInLines(['First start.', '  password           aB3dE6gH'], secrets)).toEqual([]));

it('digits within a hash or a longer number are no telephone number', () =>
  expect(leaksInLines([`"a33612345678b"`, '133612345678', '336123456789', '33112345678'], secrets)).toEqual([]));

it('a secret is found in any file but that of the first start, a number where no number is kept', () => {
  write('first-start.json', 'aB3dE6gH');
  write('ledger/events.db', 'xx"+33612345678"');
  write('carrier/carrier.db', '"33612345678"');
  write('users/users.db', `hash ${'C'.repeat(32)}`);
  write('messaging/log.db', '"password":"aB3dE6gH"');
  expect(leaksInData(folder, secrets).toSorted()).toEqual(['ledger/events.db has a telephone number', 'messaging/log.db has password']);
});

it('public topics have no number, work topics may', () => {
  write('log/kwota.credit.v1-3/0.log', '{"to":"33612345678"}');
  write('log/kwota.delivery.v1-0/0.log', '{"messageId":65537}');
  write('log/kwota.submissions.v1-3/0.log', '{"to":"33612345678"}');
  write('log/kwota.credit.v1.dead-3/0.log', '{"to":"33612345678"}');
  expect(leaksInTopics(join(folder, 'log'))).toEqual(['kwota.credit.v1-3/0.log has a telephone number']);
});

it('nothing found is nothing said', () => expect(() => refuseLeaks('the ledger', [])).not.toThrow());
