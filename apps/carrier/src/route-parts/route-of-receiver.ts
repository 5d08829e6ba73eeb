// Which connector submits a message. Pure.
import type { ConnectorSettings } from '@kwota/contracts/carrier.requests.v1';

export type Route = Readonly<
  { name: string; /** It is bound, or was a moment ago, and not paused. */ available: boolean; paused: boolean } & Pick<ConnectorSettings, 'prefixes' | 'weight'>
>;

/** The receiver is not any connector's. */
export const noRoute = '';

/**
 * The longest prefix that fits decides; among connectors with the same one, their weights, always alike for one message, so that its parts
 * stay together. What is away is passed over for the next best, also for one with a shorter prefix; where all are away, the message waits
 * for the one that would have had it.
 */
export const routeOfReceiver = (receiver: string, messageId: number, routes: readonly Route[]): string => {
  const digits = receiver.replace(/\D/g, '');
  const candidates = routes
    .map((route) => ({ route, length: fittingPrefixLength(digits, route.prefixes) }))
    .filter((candidate): candidate is { route: Route; length: number } => candidate.length !== undefined);
  const lengths = [...new Set(candidates.map(({ length }) => length))].sort((a, b) => b - a);
  const classes = lengths.map((length) => candidates.filter((candidate) => candidate.length === length).map(({ route }) => route));
  const pick = (isIn: (route: Route) => boolean): string | undefined => {
    for (const ofLength of classes) {
      const chosen = byWeight(ofLength.filter(isIn), messageId);
      if (chosen) return chosen.name;
    }
    return undefined;
  };
  return pick(({ available }) => available) ?? pick(({ paused }) => !paused) ?? pick(() => true) ?? noRoute;
};

/** Undefined: none of them fits. No prefixes at all fit everything. */
const fittingPrefixLength = (digits: string, prefixes: readonly string[]): number | undefined => {
  if (prefixes.length === 0) return 0;
  const fitting = prefixes.filter((prefix) => digits.startsWith(prefix)).map(({ length }) => length);
  return fitting.length === 0 ? undefined : Math.max(...fitting);
};

/** By name, so that the order of the list changes nothing. Weight 0 only where nobody has more. */
const byWeight = (routes: readonly Route[], messageId: number): Route | undefined => {
  const sorted = [...routes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return sorted[mixed(messageId) % Math.max(sorted.length, 1)];
  let left = mixed(messageId) % total;
  for (const route of sorted) {
    if (left < route.weight) return route;
    left -= route.weight;
  }
  return undefined;
};

/** Ids follow each other, and some of them in steps: Knuth's multiplicative hash spreads them. */
const mixed = (messageId: number): number => (Math.imul(messageId % 0x1_0000_0000, 2_654_435_761) >>> 0) >>> 8;
