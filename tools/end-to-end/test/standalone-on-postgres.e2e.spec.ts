import { startPostgres } from '@kwota/postgres/postgres-server';
import { listenForCallbacks } from '@kwota/testing/callback-listener';
import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const server = await startPostgres();
const onPostgres = server ? it : it.skip;
const dataDir = mkdtempSync(join(tmpdir(), 'kwota-standalone-on-postgres-'));
const started: KwotaProcess[] = [];
afterAll(async () => {
  for (const kwota of started) await kwota.kill();
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

onPostgres('with its relational state on PostgreSQL one SMS goes the whole way, and is there after a kill -9', async () => {
  const callbacks = await listenForCallbacks();
  const environment = { KWOTA_CALLBACK_ALLOW: '127.0.0.0/8', KWOTA_DATABASE_URL: server?.url ?? '' };
  const start = async (): Promise<KwotaProcess> => {
    const kwota = await startKwota(dataDir, environment);
    started.push(kwota);
    return kwota;
  };
  const kwota = await start();
  const { serviceName, login, password, sender, operatorToken } = kwota.first;
  const authorization = { authorization: `Bearer ${operatorToken}` };
  const callback = { method: 'PUT', headers: authorization, body: JSON.stringify({ callBack: callbacks.url }) };
  expect((await fetch(`${kwota.url}/operator/accounts/${serviceName}/users/${login}`, callback)).status).toBe(200);
  const query = (message: string) => new URLSearchParams({ account: serviceName, login, password, from: sender, to: '+33600000004', message, noStop: '1' });
  const send = async (url: string, message: string) => (await (await fetch(`${url}/cgi-bin/sms/http2sms.cgi?&${query(message)}`)).text()).split('\n');
  const isDelivered = (messageId: string | undefined) =>
    callbacks.until((received) => received.some(({ id, ptt, dlr }) => id === messageId && ptt === '4' && dlr === '1'), 10_000);

  const answer = await send(kwota.url, 'first');
  expect(answer).toEqual(['OK', '199', expect.stringMatching(/^\d+$/)]);
  await isDelivered(answer[2]);
  await kwota.kill();

  const again = await start();
  const second = await send(again.url, 'second');
  expect(second.slice(0, 2)).toEqual(['OK', '198']);
  await isDelivered(second[2]);
  expect(await again.stop()).toBe(0);
  await callbacks.close();
  const files = readdirSync(dataDir, { recursive: true }).map(String);
  expect(files.filter((file) => /(?:users|carrier|dlr|alerts)\.db/.test(file))).toEqual([]);
  expect([...kwota.output, ...again.output].join('\n')).not.toContain(new URL(server?.url ?? '').password);
}, 60_000);
