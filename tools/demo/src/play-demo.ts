import type { CallbackListener } from '@kwota/testing/callback-listener';
import type { FirstStart } from '@kwota/testing/kwota-process';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Checks } from './checks.js';

type Stage = Readonly<{ url: string; first: FirstStart; dataDir: string; callbacks: CallbackListener }>;

const login = 'parcels';
const password = 'Parcel01';
const waitMs = 15_000;

/** Prints each step with what was expected and what was seen. @returns how many differ. */
export const playDemo = async ({ url, first, dataDir, callbacks }: Stage): Promise<number> => {
  const { serviceName, operatorToken, sender } = first;
  const checks = new Checks();
  const operator = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${url}/operator/accounts/${serviceName}${path}`, {
      method,
      headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const account = async () => (await operator('GET', '')).body as { creditsLeft: number; creditsHoldByQuota: number };
  const quotaLeft = async () => ((await operator('GET', `/users/${login}`)).body as { quotaInformations: { quotaLeft: number } }).quotaInformations.quotaLeft;
  const send = async (to: string): Promise<{ status: number; creditLeft?: string; SmsIds?: string[]; message?: string }> => {
    const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to, message: 'Your parcel is at the door.', noStop: '1', contentType: 'text/json' });
    const response = await fetch(`${url}/cgi-bin/sms/http2sms.cgi?${query}`);
    return (await response.json()) as { status: number; creditLeft?: string; SmsIds?: string[]; message?: string };
  };
  const finalOf = async (id: string | undefined) => {
    const isFinal = (callback: Readonly<Record<string, string>>): boolean => callback['id'] === id && ['1', '2', '16'].includes(callback['description'] ?? '');
    await callbacks.until((received) => received.some(isFinal), waitMs);
    return callbacks.received.find(isFinal);
  };
  const eventually = async <Value>(look: () => Promise<Value> | Value, wanted: Value): Promise<Value> => {
    for (const untilMs = performance.now() + waitMs; ; ) {
      const seen = await look();
      if (JSON.stringify(seen) === JSON.stringify(wanted) || performance.now() > untilMs) return seen;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  checks.chapter('Before: an account with credit');
  checks.expect('credits on the account', 200, (await account()).creditsLeft);

  checks.chapter('1. Create an API user');
  checks.expect('created', 200, (await operator('POST', '/users', { login, password })).status);
  checks.expect('listed', true, ((await operator('GET', '/users')).body as string[]).includes(login));
  checks.expect('a password of 7 characters is refused', 400, (await operator('POST', '/users', { login: 'other', password: 'Parcel1' })).status);

  checks.chapter('2. Give it a quota');
  checks.expect('quota 150', 200, (await operator('PUT', `/users/${login}`, { quotaInformations: { quotaLeft: 150, quotaStatus: 'active' } })).status);
  const split = await account();
  checks.expect('left on the account', 50, split.creditsLeft);
  checks.expect('held by quota', 150, split.creditsHoldByQuota);
  checks.expect('a quota of 201 is refused', 400, (await operator('PUT', `/users/${login}`, { quotaInformations: { quotaLeft: 201, quotaStatus: 'active' } })).status);

  checks.chapter('3. Give it an alert threshold');
  const alert = { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 147, support: 'mail' };
  checks.expect('threshold 147 by mail', 200, (await operator('PUT', `/users/${login}`, { alertThresholdInformations: alert })).status);

  checks.chapter('4. Restrict http2sms to IP addresses');
  await operator('PUT', `/users/${login}`, { ipRestrictions: ['198.51.99.7'] });
  checks.expect('an address that is not on the list', 401, (await send('+33600000004')).status);
  checks.expect('a private address is refused', 400, (await operator('PUT', `/users/${login}`, { ipRestrictions: ['10.0.0.1'] })).status);
  await operator('PUT', `/users/${login}`, { ipRestrictions: [] });

  checks.chapter('5. Set a callback URL');
  checks.expect('set', 200, (await operator('PUT', `/users/${login}`, { callBack: `${callbacks.url}?shop=7` })).status);

  checks.chapter('Some SMS');
  const delivered = await send('+33600000004');
  checks.expect('http2sms answers', 100, delivered.status);
  checks.expect('credit left', '149', delivered.creditLeft);
  const failed = await send('+33600000023');
  const refused = await send('+33600888011');
  const [deliveredEnd, failedEnd, refusedEnd] = [await finalOf(delivered.SmsIds?.[0]), await finalOf(failed.SmsIds?.[0]), await finalOf(refused.SmsIds?.[0])];
  checks.expect('delivered: ptt', '4', deliveredEnd?.['ptt']);
  checks.expect('delivered: DLR', '1', deliveredEnd?.['description']);
  checks.expect("the URL's own query is kept", '7', deliveredEnd?.['shop']);
  checks.expect('failed, billed: ptt', '23', failedEnd?.['ptt']);
  checks.expect('failed, billed: DLR', '2', failedEnd?.['description']);
  checks.expect('refused by the SMSC: DLR', '16', refusedEnd?.['description']);
  checks.expect('quota left: two billed, the refused one is back', 148, await eventually(quotaLeft, 148));

  checks.chapter('The alert');
  const mails = (): string[] => {
    const folder = join(dataDir, 'mails');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : [];
  };
  checks.expect('one mail at the crossing', 1, await eventually(() => mails().length, 1));
  const [mail] = mails();
  checks.expect('it names the user', true, mail !== undefined && readFileSync(join(dataDir, 'mails', mail), 'utf8').includes(login));

  checks.chapter('The quota is used up');
  await operator('PUT', `/users/${login}`, { quotaInformations: { quotaLeft: 1, quotaStatus: 'active' } });
  checks.expect('a charge equal to what is left', '0', (await send('+33600000004')).creditLeft);
  checks.expect('the next one is blocked', 402, (await send('+33600000004')).status);
  checks.expect('the account still has its own', 199 - 2, (await account()).creditsLeft);

  checks.print();
  console.log('\nCallbacks as received:');
  console.table(callbacks.received);
  return checks.differences;
};
