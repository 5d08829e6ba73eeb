import { sends } from '@kwota/credit-ledger/testing';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { streamOf } from '../credit-accounts/fold-account.js';
import { LedgerClock } from '../credit-accounts/ledger-clock.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { StateDiffers, TakeSnapshotsHandler } from './take-snapshots.handler.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-snapshots-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [a, b, c] = ['sms-a-1', 'sms-b-1', 'sms-c-1'] as const;
let files = 0;
let commands = 0;

const open = async (path: string) => {
  const store = await SqliteEventStore.open({ path });
  const accounts = new CreditAccountsRepository(store);
  const read: string[] = [];
  accounts.onEventRead(({ id }) => void read.push(id));
  await accounts.loadAll();
  const writer = new LedgerWriter(accounts, store, { publish: () => undefined, waiting: 0 }, new LedgerClock());
  const decide = async (name: string, ...all: Parameters<LedgerWriter['decide']>[1][]) => {
    await accounts.ensureLoaded([name]);
    for (const command of all) writer.decide(name, command, { commandId: `c-${(commands += 1)}`, correlationId: 'test', source: null });
    await writer.flushed();
  };
  const pool = (name: string) => accounts.find(name)?.state.poolMilliCredits;
  const takeSnapshots = new TakeSnapshotsHandler(accounts, store);
  return { path, store, accounts, read, writer, decide, pool, take: () => takeSnapshots.handle(accounts.positionAtLoad + writer.appendedEvents) };
};

const opened = async () => {
  const ledger = await open(join(folder, `${(files += 1)}.db`));
  const purchase = { type: 'PurchaseCredits', reference: 'first', amountMilliCredits: 10_000 } as const;
  for (const name of [a, b]) await ledger.decide(name, { type: 'OpenAccount' }, { type: 'OpenUser', userId: 'u-anna' }, purchase, sends([1, 2]));
  return ledger;
};

it('a start reads the events after the snapshots alone, and everything is as before', async () => {
  const before = await opened();
  await before.take();
  await before.decide(b, sends([3]));
  await before.store.close();
  const after = await open(before.path);
  expect(after.read).toEqual([`${b}/5`]);
  expect([after.pool(a), after.pool(b)]).toEqual([8_000, 7_000]);
  await after.decide(a, sends([1, 2]), { type: 'SettleCharge', messageId: 1, parts: [{ ptt: 4, dlr: 1 }], silent: false, submitted: true });
  expect(after.accounts.get(a).state).toMatchObject({ poolMilliCredits: 8_000, heldMilliCredits: 1_000, consumedMilliCredits: 1_000 });
});

it('an account younger than the snapshots, and one whose round was cut short, are whole', async () => {
  const before = await opened();
  await before.take();
  await before.decide(c, { type: 'OpenAccount' });
  await before.decide(a, sends([3]));
  // A round that ended after its first account: there is a newer snapshot, but what it covers is still what the last whole round covers.
  const { saveSnapshot } = before.store;
  let saved = 0;
  before.store.saveSnapshot = (...snapshot) => (saved++ === 0 ? saveSnapshot.call(before.store, ...snapshot) : Promise.reject(new Error('killed')));
  await expect(before.take()).rejects.toThrow('killed');
  await before.store.close();
  const after = await open(before.path);
  expect([after.pool(a), after.pool(b), after.pool(c)]).toEqual([7_000, 8_000, 0]);
});

it('no snapshot stands for an event whose fact is not out: a start reads it and publishes it', async () => {
  const before = await opened();
  const published = async () => new Map([[streamOf(a), 2], [streamOf(b), 4]]);
  await new TakeSnapshotsHandler(before.accounts, before.store, undefined, undefined, published).handle(before.accounts.positionAtLoad + before.writer.appendedEvents);
  expect((await before.store.loadSnapshot(streamOf(a)))?.revision).toBe(2);
  await before.store.close();
  const after = await open(before.path);
  expect(after.read).toEqual(expect.arrayContaining([`${a}/3`, `${a}/4`]));
  expect([after.pool(a), after.pool(b)]).toEqual([8_000, 8_000]);
});

it('a snapshot of another reducer is not used', async () => {
  const before = await opened();
  await before.take();
  const snapshot = await before.store.loadSnapshot(streamOf(a));
  await before.store.saveSnapshot(streamOf(a), { ...snapshot!, reducerVersion: 999 });
  await before.store.close();
  const after = await open(before.path);
  expect([after.pool(a), after.pool(b)]).toEqual([8_000, 8_000]);
});

it('a running state that its own events do not lead to is found, and not kept', async () => {
  const ledger = await opened();
  ledger.accounts.get(a).state.poolMilliCredits += 1;
  await expect(ledger.take()).rejects.toThrow(StateDiffers);
  expect(await ledger.store.loadSnapshot(streamOf(a))).toBeUndefined();
});
