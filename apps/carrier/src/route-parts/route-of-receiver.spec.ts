import { noRoute, routeOfReceiver, type Route } from './route-of-receiver.js';

const route = (name: string, fields: Partial<Route> = {}): Route => ({ name, prefixes: [], weight: 1, available: true, paused: false, ...fields });
const receiver = '+33600000004';
const chosen = (routes: readonly Route[], to = receiver) => routeOfReceiver(to, 70_001, routes);

it('the longest prefix that fits decides', () => {
  const routes = [route('rest'), route('france', { prefixes: ['33'] }), route('mobile', { prefixes: ['336', '337'] })];
  expect(chosen(routes)).toBe('mobile');
  expect(chosen(routes, '+33100000004')).toBe('france');
  expect(chosen(routes, '+48600000004')).toBe('rest');
});

it('a receiver that no connector takes has no route', () => expect(chosen([route('poland', { prefixes: ['48'] })])).toBe(noRoute));

it('what is away is passed over, also for a shorter prefix', () => {
  expect(chosen([route('france', { prefixes: ['33'], available: false }), route('rest')])).toBe('rest');
});

it('where all are away a message waits for the one that would have had it, but not for a paused one', () => {
  const away = { available: false };
  expect(chosen([route('france', { prefixes: ['33'], ...away }), route('rest', away)])).toBe('france');
  expect(chosen([route('france', { prefixes: ['33'], paused: true, ...away }), route('rest', away)])).toBe('rest');
  expect(chosen([route('france', { prefixes: ['33'], paused: true, ...away })])).toBe('france');
});

it('weights share messages out, one message always alike and whatever the order of the list', () => {
  const routes = [route('a', { weight: 3 }), route('b', { weight: 1 }), route('c', { weight: 0 })];
  const counts: Record<string, number> = {};
  for (let messageId = 65_537; messageId < 65_537 + 4_000; messageId += 1) {
    const name = routeOfReceiver(receiver, messageId, routes);
    expect(routeOfReceiver(receiver, messageId, routes.toReversed())).toBe(name);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  expect(counts['a']).toBeGreaterThan(2_800);
  expect(counts['a']).toBeLessThan(3_200);
  expect(counts['c']).toBeUndefined();
});

it('weight 0 takes what nobody else can', () => {
  expect(chosen([route('a', { available: false }), route('reserve', { weight: 0 })])).toBe('reserve');
});

it('ids far above 2^32 are shared out, too', () => {
  const names = new Set(Array.from({ length: 100 }, (_, index) => routeOfReceiver(receiver, 2 ** 52 + index, [route('a'), route('b')])));
  expect(names).toEqual(new Set(['a', 'b']));
});
