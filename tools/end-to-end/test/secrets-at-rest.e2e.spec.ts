import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { operatorClient, ownerClient, type V6Client } from './v6-client.js';

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-secrets-'));
const text = 'Parcel 7f3k2m9q is at the door';
const receiver = '+33612345678';
const passwords = { first: 'Qz8_first', second: 'Qz8_later', wrong: 'Qz8_wrong' };
const eight = (password: string): string => password.slice(0, 8);
const ownerPassword = 'Qz8 correct horse battery';
const secrets: Record<string, string> = {};
let kwota: KwotaProcess;
let output: string;
let files: ReadonlyMap<string, Buffer>;

const http2sms = async (fields: Record<string, string>): Promise<number> => {
  const query = new URLSearchParams({ account: kwota.first.serviceName, from: kwota.first.sender, to: receiver, message: text, noStop: '1', contentType: 'text/json', ...fields });
  return ((await (await fetch(`${kwota.url}/http2sms?${query}`)).json()) as { status: number }).status;
};

/** Everything that has a secret in it, once. */
const play = async (owner: V6Client, operator: V6Client): Promise<void> => {
  const users = `/accounts/${kwota.first.serviceName}/users`;
  await operator('POST', users, { login: 'secretive', password: eight(passwords.first) });
  expect(await http2sms({ login: 'secretive', password: eight(passwords.first) })).toBe(100);
  expect(await http2sms({ login: 'secretive', password: eight(passwords.wrong) })).toBe(401);
  await owner('PUT', `/sms/${kwota.first.serviceName}/users/secretive`, { password: eight(passwords.second) });
  expect(await http2sms({ login: 'secretive', password: eight(passwords.second), to: `${receiver},nobody` })).toBe(100);
  await owner('POST', `/sms/${kwota.first.serviceName}/jobs`, { message: text, receivers: [receiver], sender: kwota.first.sender, noStopClause: true });
  await operator('PUT', '/owners/kw1-kwota', { password: ownerPassword });
  const application = (await operator('POST', '/owners/kw1-kwota/applications', {})).body as { applicationKey: string; applicationSecret: string };
  const rotated = (await operator('POST', `/owners/kw1-kwota/applications/${application.applicationKey}/rotate`, {})).body as { applicationSecret: string };
  const client = (await operator('POST', '/owners/kw1-kwota/clients', {})).body as { clientSecret: string };
  const auditor = (await operator('POST', '/operators', { name: 'anna', role: 'auditor' })).body as { operatorToken: string };
  const asked = await fetch(`${kwota.url}/1.0/auth/credential`, {
    method: 'POST',
    headers: { 'x-ovh-application': application.applicationKey, 'content-type': 'application/json' },
    body: JSON.stringify({ accessRules: [{ method: 'GET', path: '/sms' }] }),
  });
  const token = new URL(((await asked.json()) as { validationUrl: string }).validationUrl).searchParams.get('credentialToken') ?? '';
  const form = { credentialToken: token, owner: 'kw1-kwota', password: ownerPassword, duration: '', decision: 'grant' };
  expect((await fetch(`${kwota.url}/auth/`, { method: 'POST', body: new URLSearchParams(form) })).status).toBe(200);
  // What fails is where secrets slip out: in the words of an error.
  await operator('PUT', `${users}/secretive`, { password: `${passwords.wrong} too long` });
  await fetch(`${kwota.url}/http2sms/%zz?password=${passwords.wrong}`);
  Object.assign(secrets, {
    'an application secret': application.applicationSecret,
    'a rotated application secret': rotated.applicationSecret,
    'a client secret': client.clientSecret,
    'an auditor’s token': auditor.operatorToken,
    'a validation token': token,
  });
};

const allFiles = (folder: string): string[] => readdirSync(folder).flatMap((name) => (statSync(join(folder, name)).isDirectory() ? allFiles(join(folder, name)) : [join(folder, name)]));

beforeAll(async () => {
  kwota = await startKwota(dataDir);
  await play(await ownerClient(kwota.url, kwota.first), operatorClient(kwota.url, kwota.first.operatorToken));
  const { applicationSecret, clientSecret, operatorToken, password } = kwota.first;
  Object.assign(secrets, { applicationSecret, clientSecret, operatorToken, password });
  for (const [name, one] of Object.entries(passwords)) secrets[`the ${name} password`] = eight(one);
  secrets['the owner’s password'] = ownerPassword;
  await kwota.stop();
  // The screen of the first start shows its secrets once, set in by two spaces.
  output = kwota.output.filter((line) => !line.startsWith('  ')).join('\n');
  files = new Map(allFiles(dataDir).map((file) => [relative(dataDir, file), readFileSync(file)]));
}, 60_000);
afterAll(async () => {
  await kwota.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

const filesWith = (content: string): string[] => [...files].filter(([, bytes]) => bytes.includes(content)).map(([file]) => file);

it('no password and no secret lies in any store or topic, or in the log', () => {
  expect(files.size).toBeGreaterThan(6);
  expect(Object.keys(secrets)).toHaveLength(13);
  const found = Object.entries(secrets).flatMap(([name, secret]) => [
    ...filesWith(secret).filter((file) => file !== 'first-start.json').map((file) => `${name} in ${file}`),
    ...(output.includes(secret) ? [`${name} in the log`] : []),
  ]);
  expect(found).toEqual([]);
});

it.each([
  ['text', text],
  ['number', receiver],
  ['number without its plus', receiver.slice(1)],
])('a message’s %s lies with those who send and follow it, and with nobody else', (_, content) => {
  expect(output).not.toContain(content);
  const folders = new Set(filesWith(content).map((file) => file.split('/')[0]));
  expect([...folders].filter((folder) => !['carrier', 'dlr', 'log.db', 'log.db-wal', 'messaging'].includes(folder ?? ''))).toEqual([]);
  expect(filesWith(content).length).toBeGreaterThan(0);
});
