// The same core over the other stores: printed, without goals (DESIGN §10). What they are on this machine, not what they can be on their own.
import type { EventStore } from '@kwota/event-store';
import { KurrentEventStore } from '@kwota/event-store-kurrentdb';
import { KurrentDouble } from '@kwota/event-store-kurrentdb/double';
import { PostgresEventStore } from '@kwota/event-store-postgres';
import { startPostgres } from '@kwota/postgres/postgres-server';
import type { Figure } from './figure.js';
import type { Limits } from './limits.js';

type Measure = (store: EventStore, inFlight: number) => Promise<number>;

export const benchOtherStores = async (limits: Limits, measure: Measure): Promise<readonly Figure[]> => [
  ...(await benchPostgres(limits, measure)),
  ...(await benchKurrent(limits, measure)),
];

/** A real server with fsync, where Debian's package is installed. */
const benchPostgres = async (limits: Limits, measure: Measure): Promise<readonly Figure[]> => {
  const server = await startPostgres({ durable: true });
  if (!server) return [];
  try {
    return await figuresOf('PostgreSQL', limits, async (inFlight) => measure(await PostgresEventStore.open({ url: await server.createDatabase() }), inFlight));
  } finally {
    await server.stop();
  }
};

/** Our own double of the server, in this process and in memory: the adapter and the client, no disk. */
const benchKurrent = async (limits: Limits, measure: Measure): Promise<readonly Figure[]> => {
  const double = await KurrentDouble.start();
  try {
    return await figuresOf("KurrentDB's double", limits, async (inFlight) => measure(await KurrentEventStore.open({ url: double.url, space: `bench_${inFlight}` }), inFlight));
  } finally {
    await double.stop();
  }
};

const figuresOf = async (store: string, { l1PerSecond, l2PerSecond }: Limits, rate: (inFlight: number) => Promise<number>): Promise<readonly Figure[]> => {
  const one = await rate(1);
  const some = await rate(256);
  const many = await rate(1_024);
  return [
    { case: `ledger core on ${store}, 1 in flight`, value: one, unit: '/s' },
    { case: `ledger core on ${store}, 1 in flight, of L1`, value: one / l1PerSecond, unit: '× L1' },
    { case: `ledger core on ${store}, 256 in flight`, value: some, unit: '/s' },
    { case: `ledger core on ${store}, 256 in flight, of L2`, value: some / l2PerSecond, unit: '× L2' },
    { case: `ledger core on ${store}, 1,024 in flight`, value: many, unit: '/s' },
    { case: `ledger core on ${store}, 1,024 in flight, of L2`, value: many / l2PerSecond, unit: '× L2' },
  ];
};
