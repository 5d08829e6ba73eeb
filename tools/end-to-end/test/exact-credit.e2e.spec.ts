import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatorApi } from './operator-api.js';

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-exact-credit-'));
let kwota: KwotaProcess;
beforeAll(async () => {
  kwota = await startKwota(dataDir);
}, 30_000);
afterAll(async () => {
  await kwota.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

it('500 credits and 20 sends of 75 at once: exactly 6 are answered OK, and 50 credits are left', async () => {
  const { url, first } = kwota;
  const { serviceName, login, password, sender, operatorToken } = first;
  // The first start gives 200.
  await new OperatorApi(url, operatorToken).ask('POST', `/accounts/${serviceName}/credits`, { credits: 300, reference: 'exact' });
  const send = async (index: number): Promise<string[]> => {
    const to = Array.from({ length: 75 }, (_, place) => `+3361${1_000_000 + index * 75 + place}`).join();
    const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to, message: 'Your parcel is at the door.', noStop: '1' });
    return (await (await fetch(`${url}/cgi-bin/sms/http2sms.cgi?${query}`)).text()).split('\n');
  };
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => send(index)));
  const granted = answers.filter(([status]) => status === 'OK');
  expect(granted.map(([, left]) => Number(left)).sort((one, other) => one - other)).toEqual([50, 125, 200, 275, 350, 425]);
  expect(answers.filter(([status]) => status === 'KO')).toHaveLength(14);
}, 60_000);
