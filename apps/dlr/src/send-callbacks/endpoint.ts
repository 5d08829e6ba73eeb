// What depends on an endpoint's URL alone. Pure.
import { unescape } from 'node:querystring';

export type Endpoint = Readonly<{
  /** Where its connections go: `https://example.org:8443`. */
  origin: string;
  /** As `URL` tells it: an IPv6 address is in brackets. */
  hostname: string;
  /** Path and query, percent-encoded, as they are sent. */
  path: string;
  /** The same with `?` or `&` behind it, for parameters that follow. */
  pathBeforeQuery: string;
  /** What each of its requests has: name, value, name, value. */
  headers: readonly string[];
}>;

/** The URL without its fragment, and with what separates it from parameters that follow. */
export const beforeQuery = (url: string): string => {
  const [withoutFragment = ''] = url.split('#', 1);
  return `${withoutFragment}${withoutFragment.includes('?') ? '&' : '?'}`;
};

/** Throws a TypeError when it is no URL. */
export const endpointOf = (url: string): Endpoint => {
  const { origin, hostname, username, password, pathname, search } = new URL(url);
  const followed = new URL(beforeQuery(url));
  return {
    origin,
    hostname,
    path: `${pathname}${search}`,
    // A query that is empty is none to `URL`.
    pathBeforeQuery: `${followed.pathname}${followed.search || '?'}`,
    headers: ['user-agent', 'Kwota', ...(username || password ? ['authorization', basicAuthorization(username, password)] : [])],
  };
};

/** A URL's name and password, as HTTP takes them (RFC 7617); a `%` that encodes nothing is one. */
const basicAuthorization = (username: string, password: string): string => `Basic ${Buffer.from(`${unescape(username)}:${unescape(password)}`).toString('base64')}`;
