import { createLogger } from './logger.js';
import { createServer, type AddressInfo } from 'node:net';
import { databaseNeeds, isKurrentUrl, isPostgresUrl, Needs, postgresNeed } from './needs.js';

const lines: string[] = [];
const needs = () => new Needs(createLogger('test', 'warn', { write: (line: string) => void lines.push(line) }));
beforeEach(() => void lines.splice(0));

const refused = (times: number) => {
  let left = times;
  return { what: 'PostgreSQL at db:5432', look: async () => void (left-- > 0 && (await Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })))) };
};

it('what is not there yet is waited for with a word, and health says so meanwhile', async () => {
  const waiting = needs();
  const met = waiting.met([refused(1)], new AbortController().signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(waiting.health()).toEqual({ ready: false, reasons: ['it waits for PostgreSQL at db:5432: ECONNREFUSED'] });
  await met;
  expect(waiting.health()).toEqual({ ready: true, reasons: [] });
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['waiting for PostgreSQL at db:5432']);
});

it('what waiting does not mend ends the start', async () => {
  const wrong = { what: 'PostgreSQL at db:5432', look: () => Promise.reject(Object.assign(new Error('password authentication failed for user "kwota"'), { code: '28P01' })) };
  await expect(needs().met([wrong], new AbortController().signal)).rejects.toThrow('password authentication failed');
});

it('a process that is to stop waits no longer', async () => {
  const stopping = new AbortController();
  const met = needs().met([refused(Infinity)], stopping.signal);
  stopping.abort();
  await met;
});

it('a need names its server without user and password', () => {
  expect(postgresNeed('postgres://kwota:hunter2@db:5432/kwota').what).toBe('PostgreSQL at db:5432');
  expect(['postgres://db', 'postgresql://db', 'sqlite:x.db', ''].map(isPostgresUrl)).toEqual([true, true, false, false]);
});

it('a KurrentDB is known by its scheme, that of before, too', () => {
  expect(['kurrentdb://db', 'esdb://db', 'kurrentdb+discover://db', 'postgres://db', 'sqlite:x.db'].map(isKurrentUrl)).toEqual([true, true, true, false, false]);
});

it('a KurrentDB is there when one of its nodes takes connections, and is named without its password', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const [need] = databaseNeeds(`kurrentdb://admin:secret-word@127.0.0.1:1,127.0.0.1:${port}?tls=false`);
  expect(need!.what).toBe(`KurrentDB at 127.0.0.1:1, 127.0.0.1:${port}`);
  await need!.look();
  await new Promise((resolve) => server.close(resolve));
  await expect(need!.look()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(databaseNeeds('sqlite:x.db')).toEqual([]);
});
