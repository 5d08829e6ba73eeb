import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './cli-under-test.js';

/** A Kwota with one account of so many credits, beside a store without events. */
const reporting = async (creditsLeft: () => number) => {
  const view = () => ({ name: 'a', description: '', creditsLeft: creditsLeft(), creditsHoldByQuota: 0, userQuantityWithQuota: 0, callBack: null, stopCallBack: null });
  const server: Server = createServer((request, response) => response.end(JSON.stringify(request.url === '/operator/accounts' ? ['a'] : view())));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => new Promise((resolve) => server.close(resolve)) };
};

describe('a replay beside a running system', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kwota-cli-'));
  const file = join(dataDir, 'events.db');
  writeFileSync(file, '');
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  const replay = async (kwota: { url: string }, ...options: string[]) => {
    const environment = { KWOTA_URL: kwota.url, KWOTA_OPERATOR_TOKEN: 'x', KWOTA_EVENT_STORE_URL: `sqlite:${file}` };
    const { exitCode, out } = await run(['audit', 'replay', '--json', ...options], environment);
    return { exitCode, comparison: (JSON.parse(out) as { comparison: unknown }).comparison };
  };

  it('ends with 1 when the system keeps reporting what its events do not say', async () => {
    const kwota = await reporting(() => 7);
    expect(await replay(kwota)).toMatchObject({ exitCode: 1, comparison: { outcome: 'mismatch', mismatches: [{ account: 'a', replayed: null }] } });
    await kwota.close();
  });

  it('accuses nobody whose accounts move all the time', async () => {
    let creditsLeft = 1_000;
    const kwota = await reporting(() => (creditsLeft -= 1));
    expect(await replay(kwota)).toMatchObject({ exitCode: 0, comparison: { outcome: 'not-compared' } });
    await kwota.close();
  });

  it('leaves the system alone when told so, or when it is asked for the past', async () => {
    const nobody = { url: 'http://127.0.0.1:9' };
    expect(await replay(nobody, '--no-compare')).toMatchObject({ exitCode: 0, comparison: { outcome: 'not-compared' } });
    expect(await replay(nobody, '--until', '1')).toMatchObject({ exitCode: 0, comparison: { outcome: 'not-compared' } });
  });
});
