// Callbacks go only to public addresses (DESIGN §6): customers choose the URLs, so they must not reach this installation's own network.
import ipaddr from 'ipaddr.js';
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** Its code is what the attempt records. */
export class AddressNotAllowed extends Error {
  override readonly name = 'AddressNotAllowed';
  readonly code = 'address-not-allowed';
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Resolve = (hostname: string, options: { all: true; family: 0 | 4 | 6 }, done: (error: Error | null, addresses: LookupAddress[]) => void) => void;

/** RFC 6052's well-known prefix, and RFC 8215's local one: an IPv4 address is in the last 32 bits. */
const nat64Prefixes = [ipaddr.parseCIDR('64:ff9b::/96'), ipaddr.parseCIDR('64:ff9b:1::/48')];
/** All else has a range of its own in ipaddr.js: private, loopback, linkLocal, …, and 6to4 and Teredo, which tunnel to IPv4 addresses. */
const publicRange = 'unicast';

export class AddressGuard {
  private readonly allowed: readonly (readonly [Address, number])[];

  /** @param allowedNetworks private networks that callbacks may reach, CIDR. */
  constructor(
    allowedNetworks: readonly string[],
    private readonly resolve: Resolve = systemLookup,
  ) {
    this.allowed = allowedNetworks.map((network) => ipaddr.parseCIDR(network));
  }

  /** False for what is not an address at all, too. */
  isAllowed(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.parse(text);
    const dialled = embeddedIpv4(address) ?? address;
    if (this.allowed.some(([network, bits]) => network.kind() === dialled.kind() && dialled.match(network, bits))) return true;
    return dialled.range() === publicRange;
  }

  /** Whether the host of a URL is a literal address that callbacks may not reach; a name is judged at each attempt. */
  isRefusedLiteral(hostname: string): boolean {
    const literal = hostname.replace(/^\[|\]$/g, '');
    return ipaddr.isValid(literal) && !this.isAllowed(literal);
  }

  /** The panel's rule for a URL (OVH.md 6), and no private address where it names one; a name is resolved at each attempt. */
  refusalOf(url: string): 'url-not-valid' | 'address-not-allowed' | undefined {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return 'url-not-valid';
    return this.isRefusedLiteral(new URL(url).hostname) ? 'address-not-allowed' : undefined;
  }

  /** For net.connect: every address of the name is checked, and only what was checked is dialled. */
  readonly lookup: LookupFunction = (hostname: string, options: LookupOptions, done): void => {
    const family = options.family === 4 || options.family === 6 ? options.family : 0;
    this.resolve(hostname, { all: true, family }, (error, addresses) => {
      if (error) return done(error, []);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => this.isAllowed(address))) return done(new AddressNotAllowed('not a public address'), []);
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

const embeddedIpv4 = (address: Address): ipaddr.IPv4 | undefined => {
  if (!(address instanceof ipaddr.IPv6)) return undefined;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (!nat64Prefixes.some(([prefix, bits]) => prefix.kind() === 'ipv6' && address.match(prefix as ipaddr.IPv6, bits))) return undefined;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
};
