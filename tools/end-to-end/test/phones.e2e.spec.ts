import { startSmscSimulator } from '@kwota/smsc-simulator';
import { listenForCallbacks, type CallbackListener } from '@kwota/testing/callback-listener';
import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'kwota-phones-'));
const smsc = await startSmscSimulator();
let callbacks: CallbackListener;
let kwota: KwotaProcess;
beforeAll(async () => {
  callbacks = await listenForCallbacks();
  kwota = await startKwota(join(folder, 'data'), { KWOTA_SMSC_URL: smsc.url, KWOTA_CARRIER_PROFILE: 'kwota', KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' });
}, 30_000);
// Looks through all that it wrote, too: no number may be in the ledger, nor in the log.
afterAll(async () => {
  await kwota.stop();
  await callbacks.close();
  await smsc.close();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

const phone = '+33611111111';
let bearer = '';
const v6 = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
  const { clientId, clientSecret, serviceName } = kwota.first;
  if (bearer === '') {
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
    bearer = ((await (await fetch(`${kwota.url}/auth/oauth2/token`, { method: 'POST', body: form })).json()) as { access_token: string }).access_token;
  }
  const answer = await fetch(`${kwota.url}/1.0/sms/${serviceName}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
};
const send = async (): Promise<string> => {
  const { serviceName: account, login, password } = kwota.first;
  const query = new URLSearchParams({ account, login, password, to: phone, message: 'Hello', noStop: '1', senderForResponse: '1', tag: 'spring' });
  return (await fetch(`${kwota.url}/http2sms?${query}`)).text();
};
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (const giveUpAtMs = Date.now() + 20_000; !(await holds()); ) {
    if (Date.now() > giveUpAtMs) throw new Error('It did not come about in time.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const incoming = async (): Promise<number[]> => (await v6('GET', '/incoming')).body as number[];

it('an answer from a phone, in two parts, is read by the owner, answered with a text of two parts from the pool, and STOP ends it: told, refused, not charged, until it is taken off', async () => {
  // Two parts: 67 characters each in UCS-2.
  const text = 'Dziękujemy, do zobaczenia o szóstej. '.repeat(3).trim();
  expect((await v6('PUT', '', { smsResponse: { responseType: 'text', text }, stopCallBack: callbacks.url })).status).toBe(200);
  expect((await v6('GET', '')).body).toMatchObject({ smsResponse: { responseType: 'text', text } });
  expect(await send()).toMatch(/^OK\n199\n/);
  await until(async () => smsc.submissions.total === 1);

  for (const [number, part] of [[2, 'at six'], [1, 'Yes, ']] as const)
    smsc.fromPhone({ from: phone.slice(1), to: '36184', text: part, fields: { sar_msg_ref_num: 7, sar_total_segments: 2, sar_segment_seqnum: number } });
  await until(async () => smsc.submissions.total === 3);
  expect(smsc.submissions.all().slice(1)).toMatchObject([1, 2].map((number) => ({ receiver: phone.slice(1), part: { number, of: 2 } })));
  await until(async () => ((await v6('GET', '')).body as { creditsLeft: number }).creditsLeft === 197);
  const [id] = await incoming();
  expect((await v6('GET', `/users/demo/incoming/${id}`)).body).toEqual({ id, creationDatetime: expect.any(String), credits: 0, message: 'Yes, at six', sender: phone, tag: 'spring' });

  // The same as a file, and as a document.
  const history = (path: string) => fetch(`${kwota.url}/1.0/sms/${kwota.first.serviceName}${path}`, { headers: { authorization: `Bearer ${bearer}` } });
  const file = await history(`/users/demo/incoming.csv?sender=${encodeURIComponent(phone)}&tag=spring`);
  expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const csv = await file.text();
  expect(csv).toMatch(new RegExp(`^id;date;sender;tag;message\\n${id};[-: \\d]{19};\\${phone};"spring";"Yes, at six"\\n$`));
  expect(await (await history('/incoming.csv?tag=autumn')).text()).toBe('id;date;sender;tag;message\n');
  const { body: documentId } = await v6('GET', '/document?wayType=incoming&tag=spring');
  expect(await (await fetch(`${kwota.url}/document/${String(documentId)}`)).text()).toBe(csv);

  smsc.fromPhone({ from: phone.slice(1), to: '36184', text: 'STOP' });
  await callbacks.until((received) => received.some(({ message }) => message === 'STOP'), 20_000);
  expect(callbacks.received.at(-1)).toMatchObject({ sender: phone, receiver: '36184' });
  await until(async () => ((await v6('GET', '/blacklists')).body as string[]).includes(phone));
  await until(async () => (await send()).startsWith('KO\nInvalid to: no valid receiver'));
  expect((await v6('POST', '/jobs', { message: 'Hello', receivers: [phone, '+33622222222'], senderForResponse: true, noStopClause: true })).body).toMatchObject({
    invalidReceivers: [phone],
    validReceivers: ['+33622222222'],
    totalCreditsRemoved: 1,
  });

  expect((await v6('GET', `/blacklists/${encodeURIComponent(phone)}`)).body).toEqual({ number: phone, dateCreation: expect.any(String), batchID: null, smsOutgoingID: expect.any(Number) });
  expect((await v6('DELETE', `/blacklists/${encodeURIComponent(phone)}`)).status).toBe(200);
  expect((await v6('GET', `/blacklists/${encodeURIComponent(phone)}`)).status).toBe(404);
  await until(async () => (await send()).startsWith('OK'));
}, 90_000);
