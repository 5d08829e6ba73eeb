// An owner and an operator who ask, for suites whose subject is the routes and not a client's habits.
import type { FirstStart } from '@kwota/testing/kwota-process';
import { createHash } from 'node:crypto';

export type Answer = Readonly<{ status: number; headers: Headers; body: unknown }>;
export type V6Client = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

const answerOf = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson && text ? JSON.parse(text) : text };
};

/** `path` is below /1.0 where it begins with a slash, else below the root. */
const clientWith =
  (url: string, base: string, authorization: string): V6Client =>
  async (method, path, body, headers = {}) =>
    answerOf(
      await fetch(new URL(base + path, url), {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'manual',
      }),
    );

export const ownerClient = async (url: string, { clientId, clientSecret }: Pick<FirstStart, 'clientId' | 'clientSecret'>): Promise<V6Client> => {
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'all', client_id: clientId, client_secret: clientSecret });
  const { body } = await answerOf(await fetch(new URL('/auth/oauth2/token', url), { method: 'POST', body: form }));
  return clientWith(url, '/1.0', `Bearer ${(body as { access_token: string }).access_token}`);
};

export const operatorClient = (url: string, operatorToken: string): V6Client => clientWith(url, '/operator', `Bearer ${operatorToken}`);

type Keys = Readonly<{ applicationKey: string; applicationSecret: string; consumerKey: string }>;

/** By OVH's signature, over plain HTTP. */
export const signedClient =
  (url: string, { applicationKey, applicationSecret, consumerKey }: Keys): V6Client =>
  async (method, path, body, headers = {}) => {
    const full = new URL(`/1.0${path}`, url);
    const sent = body === undefined ? '' : JSON.stringify(body);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = `$1$${createHash('sha1').update([applicationSecret, consumerKey, method, full.href, sent, timestamp].join('+')).digest('hex')}`;
    const signed = { 'x-ovh-application': applicationKey, 'x-ovh-consumer': consumerKey, 'x-ovh-timestamp': timestamp, 'x-ovh-signature': signature };
    return answerOf(await fetch(full, { method, headers: { 'content-type': 'application/json', ...signed, ...headers }, ...(sent ? { body: sent } : {}) }));
  };
