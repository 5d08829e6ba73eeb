// `kwota events copy` as main.ts runs it, over stores that a test has, and what a ledger is to compare with.
import type { StoredEvent } from '@kwota/event-store';
import { isKurrentUrl, isPostgresUrl } from '@kwota/service-kit/needs';
import { run, type Run } from './cli-under-test.js';

// As main.ts loads them: Nx takes no other import of them here.
const { KurrentEventStore } = await import('@kwota/event-store-kurrentdb');
const { PostgresEventStore } = await import('@kwota/event-store-postgres');
const { SqliteEventStore } = await import('@kwota/event-store-sqlite');

export const openEvents = (location: string) =>
  isPostgresUrl(location)
    ? PostgresEventStore.openReadOnly({ url: location })
    : isKurrentUrl(location)
      ? KurrentEventStore.openReadOnly({ url: location })
      : SqliteEventStore.openReadOnly({ path: location });
export const openStore = (location: string) =>
  isPostgresUrl(location)
    ? PostgresEventStore.open({ url: location })
    : isKurrentUrl(location)
      ? KurrentEventStore.open({ url: location })
      : SqliteEventStore.open({ path: location });

export const copy = (from: string, to: string): Promise<Run> => run(['events', 'copy', '--from', from, '--to', to], {}, { openEvents, openStore });

/** Every byte and hash, position by position. */
export const contentOf = async (location: string): Promise<unknown[]> => {
  const reader = await openEvents(location);
  const events: unknown[] = [];
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  for await (const { data, hash, ...place } of reader.readAll() as AsyncIterable<StoredEvent>) events.push({ ...place, data: hex(data), hash: hex(hash) });
  await reader.close();
  return events;
};

/** The tree's size and root, as `kwota audit verify` finds them. */
export const treeOf = async (location: string): Promise<unknown> => {
  const url = /^\w[\w+]*:\/\//.test(location) ? location : `sqlite:${location}`;
  const { exitCode, out, error } = await run(['audit', 'verify', '--no-compare', '--json'], { KWOTA_EVENT_STORE_URL: url, KWOTA_DATA_DIR: '/nonexistent' }, { openEvents });
  if (exitCode !== 0) throw new Error(out + error);
  const { root, size } = JSON.parse(out) as { root: string; size: number };
  return { root, size };
};
