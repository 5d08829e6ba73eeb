import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

type Request = Readonly<{ ip?: string; headers: Readonly<Record<string, string | string[] | undefined>>; socket?: { remoteAddress?: string | undefined } }>;

/** Spellings lately seen: reading one costs some 30 µs, and every request brings one. */
const known = new Map<string, string | undefined>();
const knownMax = 10_000;

/** An address in one spelling: IPv4-mapped IPv6 is IPv4 (OVH.md 9). Undefined: not an address, or one of a single link (`%eth0`). */
export const normalisedAddress = (address: string): string | undefined => {
  if (known.has(address)) return known.get(address);
  if (isIP(address) === 0 || address.includes('%')) return undefined;
  const normalised = ipaddr.process(address).toString();
  if (known.size >= knownMax) known.clear();
  known.set(address, normalised);
  return normalised;
};

/** OVH's panel says public: neither private, loopback, link-local, multicast nor reserved. */
export const isPublicAddress = (address: string): boolean => ipaddr.process(address).range() === 'unicast';

/** The socket's peer; behind proxies named in the configuration the right-most hop of X-Forwarded-For that is none of them. */
export const peerAddress = (request: Request, trustedProxies: readonly string[]): string => {
  let peer = normalisedAddress(request.socket?.remoteAddress ?? '') ?? '';
  const forwarded = request.headers['x-forwarded-for'];
  if (trustedProxies.length === 0 || forwarded === undefined) return peer;
  const hops = String(forwarded).split(',');
  // From the right, and no further than needed: a client may have written thousands.
  for (let last = hops.length - 1; last >= 0 && isInRanges(peer, trustedProxies); last -= 1) {
    const hop = normalisedAddress((hops[last] ?? '').trim());
    // What stands left of something unreadable was written by nobody we know.
    if (hop === undefined) return peer;
    peer = hop;
  }
  return peer;
};

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** An address or a CIDR range. @throws Error for what is neither. */
export const rangeOf = (proxy: string): Range => {
  const [address = '', bits] = proxy.split('/');
  if (isIP(address) === 0) throw new Error(`"${proxy}" is neither an IP address nor a range`);
  return ipaddr.parseCIDR(bits === undefined ? `${address}/${isIP(address) === 6 ? 128 : 32}` : proxy);
};

const ranges = new Map<string, Range>();
const readRange = (proxy: string): Range => {
  const range = ranges.get(proxy) ?? rangeOf(proxy);
  ranges.set(proxy, range);
  return range;
};

/** Is it one of these addresses, or in one of these ranges? */
export const isInRanges = (address: string, proxies: readonly string[]): boolean => {
  if (!address) return false;
  const parsed = ipaddr.parse(address);
  return proxies.some((proxy) => {
    const range = readRange(proxy);
    return parsed.kind() === range[0].kind() && parsed.match(range as never);
  });
};
