import { counts, type Counted } from '@kwota/contracts/counts.v1';
import type { OutgoingMessage } from '@kwota/messaging';
import { GatewaySettings } from '../src/edge/gateway-settings.js';
import { readGatewayConfig } from '../src/gateway.config.js';
import { Limits } from '../src/limit-requests/limits.js';
import { SharedCounts } from '../src/limit-requests/shared-counts.js';
import { AttemptLimits, failuresPerLoginMax } from '../src/verify-passwords/attempt-limits.js';

const read = ({ value }: OutgoingMessage): Counted => {
  const outcome = counts.read(value ?? '', undefined);
  if (!('message' in outcome)) throw new Error('not of the contract');
  return outcome.message;
};

/** Gateways on one log: what one tells all hear, itself included, before `told` resolves. */
const gateways = (count: number) => {
  const all: SharedCounts[] = [];
  const told: Counted[] = [];
  let wake = (): void => undefined;
  for (let index = 0; index < count; index += 1) {
    const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
      for (const message of messages.map(read)) {
        told.push(message);
        for (const gateway of all) gateway.hear(message);
      }
      wake();
    };
    all.push(new SharedCounts(publish, `gateway-${index}`));
  }
  const tellings = async (number: number): Promise<void> => {
    while (told.length < number) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { all, told, tellings, close: () => all.forEach((gateway) => gateway.onApplicationShutdown()) };
};

let world: ReturnType<typeof gateways>;
beforeEach(() => (world = gateways(2)));
afterEach(() => world.close());

it('a user’s limit holds at all gateways together', async () => {
  const [first, second] = world.all.map((shared) => new Limits(new GatewaySettings(readGatewayConfig({})), shared)) as [Limits, Limits];
  expect([first.secondsToWait('u-1', 3, 2), second.secondsToWait('u-2', 1, 1)]).toEqual([0, 0]);
  await world.tellings(2);
  expect(second.secondsToWait('u-1', 3, 2)).toBeGreaterThan(0);
  expect(second.secondsToWait('u-1', 3, 1)).toBe(0);
  expect(first.secondsToWait('u-2', 1, 1)).toBeGreaterThan(0);
});

it('wrong passwords count at all gateways, and an address that one trusts all trust', async () => {
  const [first, second] = world.all.map((shared) => new AttemptLimits(shared, 'passwords')) as [AttemptLimits, AttemptLimits];
  for (let attempt = 0; attempt < failuresPerLoginMax; attempt += 1) first.failed('demo', `198.51.100.${attempt}`);
  first.succeeded('demo', '203.0.113.1');
  await world.tellings(1);
  expect([second.refuses('demo', '198.51.100.200'), second.refuses('demo', '203.0.113.1'), second.refuses('anna', '198.51.100.200')]).toEqual([true, false, false]);
});

it('passwords of owners are counted apart from those of API users', async () => {
  const first = new AttemptLimits(world.all[0] as SharedCounts, 'owners');
  const second = new AttemptLimits(world.all[1] as SharedCounts, 'passwords');
  for (let attempt = 0; attempt < failuresPerLoginMax; attempt += 1) first.failed('demo', '198.51.100.1');
  await world.tellings(1);
  expect(second.refuses('demo', '198.51.100.2')).toBe(false);
});

it('what turns out right is told as nothing; what is told once is not told again', async () => {
  const limits = new AttemptLimits(world.all[0] as SharedCounts, 'passwords');
  limits.failed('demo', '203.0.113.1').takeBack();
  limits.succeeded('demo', '203.0.113.1');
  limits.succeeded('demo', '203.0.113.1');
  await world.tellings(1);
  expect(world.told).toEqual([expect.objectContaining({ counts: [], trusted: ['passwords demo 203.0.113.1'] })]);
});

it('what belongs to a minute that is over, or is one’s own, is not added', () => {
  const [shared] = world.all as [SharedCounts];
  const windows = shared.windows('messages');
  const hear = (instanceId: string, atMs: number): void => shared.hear({ kind: 'counted', instanceId, atMs, counts: [{ counter: 'messages u-1', count: 1 }], trusted: [] });
  hear('gateway-0', Date.now());
  hear('gateway-1', Date.now() - 120_000);
  expect(windows.hasTaken('u-1', 1)).toBe(false);
  hear('gateway-1', Date.now());
  expect(windows.hasTaken('u-1', 1)).toBe(true);
});

it('where the log is away each counts alone, and tells again when it is back', async () => {
  const tried: number[] = [];
  let wake = (): void => undefined;
  const shared = new SharedCounts(() => {
    tried.push(1);
    wake();
    return Promise.reject(new Error('the log is away'));
  }, 'gateway-1');
  const windows = shared.windows('messages');
  for (const count of [1, 2]) {
    windows.take('u-1', 1, 5);
    while (tried.length < count) await new Promise<void>((resolve) => (wake = resolve));
  }
  expect(windows.hasTaken('u-1', 2)).toBe(true);
  shared.onApplicationShutdown();
});
