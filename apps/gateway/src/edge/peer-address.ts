import ipaddr from 'ipaddr.js';

type Request = Readonly<{ ip?: string; headers: Readonly<Record<string, string | string[] | undefined>>; socket?: { remoteAddress?: string | undefined } }>;

/** An address in one spelling: IPv4-mapped IPv6 is IPv4 (OVH.md 9). Undefined: not an address. */
export const normalisedAddress = (address: string): string | undefined =>
  ipaddr.isValid(address) && !/^[\d.]*$/.test(address) ? ipaddr.process(address).toString() : ipaddr.IPv4.isValidFourPartDecimal(address) ? ipaddr.parse(address).toString() : undefined;

/** OVH's panel says public: neither private, loopback, link-local, multicast nor reserved. */
export const isPublicAddress = (address: string): boolean => ipaddr.process(address).range() === 'unicast';

/** The socket's peer; behind proxies named in the configuration the right-most hop of X-Forwarded-For that is none of them. */
export const peerAddress = (request: Request, trustedProxies: readonly string[]): string => {
  const socketAddress = normalisedAddress(request.socket?.remoteAddress ?? '') ?? '';
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((hop) => normalisedAddress(hop.trim()))
    .filter((hop) => hop !== undefined);
  let peer = socketAddress;
  for (const hop of forwarded.reverse()) {
    if (!isTrusted(peer, trustedProxies)) return peer;
    peer = hop;
  }
  return peer;
};

const isTrusted = (address: string, proxies: readonly string[]): boolean => {
  if (proxies.length === 0 || !address) return false;
  const parsed = ipaddr.parse(address);
  return proxies.some((proxy) => {
    const [range, bits] = ipaddr.parseCIDR(proxy.includes('/') ? proxy : `${proxy}/${proxy.includes(':') ? 128 : 32}`);
    return parsed.kind() === range.kind() && parsed.match([range, bits] as never);
  });
};
