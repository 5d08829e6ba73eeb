import { allTopics } from '@kwota/contracts/all';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { listenForCallbacks, type CallbackListener } from '@kwota/testing/callback-listener';
import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-standalone-'));
let callbacks: CallbackListener;
let kwota: KwotaProcess;
beforeAll(async () => {
  callbacks = await listenForCallbacks();
  kwota = await startKwota(dataDir, { KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' });
}, 30_000);
afterAll(async () => {
  await kwota.kill();
  await callbacks.close();
  rmSync(dataDir, { recursive: true, force: true });
});

it('one SMS goes the whole way: answered, delivered over SMPP, charged, called back', async () => {
  const { serviceName, login, password, sender, operatorToken } = kwota.first;
  const user = `${kwota.url}/operator/accounts/${serviceName}/users/${login}`;
  const authorization = { authorization: `Bearer ${operatorToken}` };
  expect((await fetch(user, { method: 'PUT', headers: authorization, body: JSON.stringify({ callBack: callbacks.url }) })).status).toBe(200);

  const secretText = 'a text that no log may hold';
  const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to: '+33600000004', message: secretText, noStop: '1' });
  const answer = (await (await fetch(`${kwota.url}/cgi-bin/sms/http2sms.cgi?&${query}`)).text()).split('\n');
  expect(answer).toEqual(['OK', '199', expect.stringMatching(/^\d+$/)]);
  await callbacks.until((received) => received.some(({ ptt }) => ptt === '4'), 10_000);
  const last = callbacks.received.at(-1);
  expect(last).toEqual({
    id: answer[2],
    ptt: '4',
    date: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    description: '1',
    descriptionDlr: 'Success',
    dlr: '1',
  });

  const ready = await fetch(`${kwota.url}/health/ready`);
  expect(ready.status).toBe(200);
  expect(JSON.stringify(await ready.json())).toContain('no SMS leaves');

  await expect(startKwota(dataDir)).rejects.toThrow('is in use by another process');
  expect(await kwota.stop()).toBe(0);
  expect(statSync(join(dataDir, 'first-start.json')).mode & 0o777).toBe(0o600);
  const written = kwota.output.filter((line) => !line.startsWith('  ')).join('\n');
  for (const secret of [password, secretText, '33600000004', operatorToken, kwota.first.applicationSecret]) expect(written).not.toContain(secret);

  const log = await EmbeddedMessaging.open({ path: join(dataDir, 'messaging', 'log.db') });
  for (const { topic, personalData, audience } of allTopics) {
    const content = JSON.stringify(log.read(topic, 0, 1_000));
    if (audience === 'facts') expect([topic, personalData, content.includes(secretText), content.includes('33600000004')]).toEqual([topic, false, false, false]);
    if (topic === 'kwota.submissions.v1') expect(content).toContain(secretText);
  }
  await log.close();
}, 60_000);
