// Sends one SMS through a running Kwota to the callback, as a user of its own that it deletes again. Exit 0 ok, 1 not delivered, 3 unreachable.
import { listenForCallbacks } from '@kwota/testing/callback-listener';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const waitMs = 30_000;
const file = join(process.env['KWOTA_DATA_DIR'] ?? 'data', 'first-start.json');
const first = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
const url = process.env['KWOTA_URL'] ?? first['url'];
const token = process.env['KWOTA_OPERATOR_TOKEN'] ?? first['operatorToken'];
const account = process.env['KWOTA_ACCOUNT'] ?? first['serviceName'];
const sender = process.env['KWOTA_SENDER'] ?? first['sender'];
const receiver = process.env['KWOTA_RECEIVER'] ?? '+33600000004';
if (!url || !token || !account || !sender) {
  console.error(`smoke: set KWOTA_URL, KWOTA_OPERATOR_TOKEN, KWOTA_ACCOUNT and KWOTA_SENDER, or KWOTA_DATA_DIR to a folder with first-start.json`);
  process.exit(2);
}

const login = `smoke-${Date.now().toString(36)}`;
const password = 'Smoke_01';
const operator = async (method: string, path: string, body?: unknown): Promise<void> => {
  const response = await fetch(`${url}/operator/accounts/${account}/users${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} users: ${response.status} ${await response.text()}`);
};

const callbacks = await listenForCallbacks(Number(process.env['KWOTA_SMOKE_PORT'] ?? 0));
try {
  await operator('POST', '', { login, password });
  try {
    await operator('PUT', `/${login}`, { callBack: process.env['KWOTA_SMOKE_CALLBACK'] ?? callbacks.url });
    const query = new URLSearchParams({ account, login, password, from: sender, to: receiver, message: 'Kwota smoke test', noStop: '1', contentType: 'text/json' });
    const startedAtMs = performance.now();
    const answer = (await (await fetch(`${url}/http2sms?${query}`)).json()) as { status: number; message?: string; SmsIds?: string[] };
    if (answer.status !== 100) throw new Error(`http2sms: ${answer.status} ${answer.message}`);
    console.log(`smoke: answered OK after ${Math.round(performance.now() - startedAtMs)} ms, id ${answer.SmsIds?.[0]}`);
    await callbacks.until((received) => received.some(({ id, description }) => id === answer.SmsIds?.[0] && ['1', '2', '16'].includes(description ?? '')), waitMs);
    const final = callbacks.received.at(-1);
    console.log(`smoke: called back after ${Math.round(performance.now() - startedAtMs)} ms with ptt ${final?.['ptt']}, DLR ${final?.['description']} (${final?.['descriptionDlr']})`);
    process.exitCode = final?.['description'] === '1' ? 0 : 1;
  } finally {
    await operator('DELETE', `/${login}`);
  }
} catch (error) {
  console.error(`smoke: ${(error as Error).message}${(error as { cause?: Error }).cause ? ` (${String((error as { cause?: Error }).cause)})` : ''}`);
  process.exitCode = error instanceof TypeError ? 3 : 1;
} finally {
  await callbacks.close();
}
