import { createHash, timingSafeEqual } from 'node:crypto';

export type SignedCall = Readonly<{
  applicationSecret: string;
  consumerKey: string;
  method: string;
  /** Exactly as the client wrote it, query and all. */
  url: string;
  /** The bytes sent; empty where there are none. */
  body: Buffer;
  timestamp: string;
}>;

/** OVH.md 2.1: `$1$` and the SHA-1 of secret, consumer key, method, URL, body and timestamp, joined by `+`. */
export const signatureOf = ({ applicationSecret, consumerKey, method, url, body, timestamp }: SignedCall): string => {
  const hash = createHash('sha1').update(`${applicationSecret}+${consumerKey}+${method}+${url}+`).update(body).update(`+${timestamp}`);
  return `$1$${hash.digest('hex')}`;
};

/**
 * Clients sign the URL with the port or without it, and sometimes the `\uXXXX` form of a body that they send raw (OVH.md 2.2): any of them
 * will do, since each proves the same secret.
 */
export const isSignedBy = (given: string, call: Omit<SignedCall, 'url'>, urls: readonly string[]): boolean => {
  const signature = Buffer.from(given);
  const bodies = [call.body];
  const escaped = escapedNonAscii(call.body);
  if (escaped) bodies.push(escaped);
  return urls.some((url) => bodies.some((body) => isSame(signature, Buffer.from(signatureOf({ ...call, url, body })))));
};

const isSame = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);

const escapedNonAscii = (body: Buffer): Buffer | undefined => {
  if (!body.some((byte) => byte > 0x7f)) return undefined;
  const text = body.toString('utf8');
  return Buffer.from(text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`));
};

/** The URLs that a client may have written for this call: its Host with and without the port, either scheme, and the installation's public names. */
export const urlsAsWritten = (host: string, pathAndQuery: string, publicUrls: readonly string[]): string[] => {
  const named = publicUrls.map((url) => url.replace(/\/+$/, ''));
  // A Host with a path in it would let one signed URL stand for another.
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host)) return named.map((origin) => origin + pathAndQuery);
  const bareHost = host.replace(/:\d+$/, '');
  const origins = [...named, `https://${host}`, `https://${bareHost}`, `http://${host}`, `http://${bareHost}`];
  return [...new Set(origins)].map((origin) => origin + pathAndQuery);
};
