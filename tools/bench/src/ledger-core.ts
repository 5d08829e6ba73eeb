// The ledger's core against what the machine can do at all: DESIGN §10. Ratios of one run matter, absolute numbers are the machine's.
import { replayLedger } from '@kwota/audit-log/replay-ledger';
import type { SendSubmission } from '@kwota/contracts/submissions.v1';
import { ratingPolicyV1 } from '@kwota/credit-ledger';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { holdCommandOf, LedgerSettings, openLedgerCore, TakeSnapshotsHandler, type LedgerCore } from '@kwota/ledger/core';
import type { EventStore } from '@kwota/event-store';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Figure } from './figure.js';
import type { Limits } from './limits.js';
import { benchManyHolds } from './many-holds.js';
import { benchOtherStores } from './other-stores.js';

const account = 'sms-kw00001-1';
const userId = 'u-7f3k2m9q';
const settings = new LedgerSettings(ratingPolicyV1);
const caseMs = 3_000;

/** DESIGN §10's first rows, as ratios of what this disk (L1) and this core (L2) can do at best; in a folder of its own under `parentFolder`. */
export const benchLedgerCore = async ({ l1PerSecond, l2PerSecond }: Limits, parentFolder = tmpdir()): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(join(parentFolder, 'kwota-bench-'));
  try {
    const fileOf = (name: string) => join(folder, `${name}.db`);
    const rate = async (name: string, inFlight: number, more: Load = {}) => measureCore(await SqliteEventStore.open({ path: fileOf(name) }), inFlight, more);
    // The first run compiles the code; it does not count.
    await rate('warm-up', 256);
    const one = await rate('one', 1);
    const some = await rate('some', 256);
    const { result: many, loop } = await watchingTheLoop(() => rate('many', 1_024));
    const spread = await rate('spread', 1_024, { accountCount: 1_000 });
    const replayed = await measureReplay(fileOf('many'));
    const long = await measureLongStream(fileOf('short'), fileOf('long'));
    const start = await measureColdStart(fileOf('cold'));
    return [
      { case: 'ledger core, 1 in flight', value: one, unit: '/s' },
      { case: 'ledger core, 1 in flight, of L1', value: one / l1PerSecond, unit: '× L1', goal: '≥ 0.65' },
      { case: 'ledger core, 256 in flight', value: some, unit: '/s' },
      { case: 'ledger core, 256 in flight, of L2', value: some / l2PerSecond, unit: '× L2', goal: '≥ 0.20' },
      { case: 'ledger core, 1,024 in flight', value: many, unit: '/s' },
      { case: 'ledger core, 1,024 in flight, of L2', value: many / l2PerSecond, unit: '× L2', goal: '≥ 0.22' },
      { case: 'one hot account against 1,000', value: many / spread, unit: '×', goal: '≥ 0.95' },
      { case: `a stream of ${longStreamEvents} events against a new one, settled`, value: long, unit: '×', goal: '≥ 0.95' },
      { case: 'event loop held up at 1,024 in flight, p99', value: loop.p99Ms, unit: 'ms' },
      { case: 'event loop held up at 1,024 in flight, most', value: loop.maxMs, unit: 'ms' },
      { case: 'replay with hash check', value: replayed.perSecond, unit: '/s' },
      { case: 'replay with hash check, of L2', value: replayed.perSecond / l2PerSecond, unit: '× L2', goal: '≥ 0.4' },
      { case: 'cold start, 1,000,000 events, all folded', value: start.withoutSnapshotsMs / 1_000, unit: 's' },
      { case: 'cold start, 1,000,000 events, with snapshots', value: start.withSnapshotsMs / 1_000, unit: 's', goal: '≤ 2' },
      ...(await benchManyHolds()),
      ...(await benchOtherStores({ l1PerSecond, l2PerSecond }, measureCore)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};

type Load = Readonly<{ accountCount?: number; firstId?: number; settles?: boolean; forMs?: number; upTo?: number }>;

/** Closed loop: each of `inFlight` senders has one command at a time and waits until it is durable. Closes the store. */
const measureCore = async (store: EventStore, inFlight: number, { accountCount = 1, ...more }: Load = {}): Promise<number> => {
  const core = await openLedgerCore(store);
  const accounts = Array.from({ length: accountCount }, (_, index) => (accountCount === 1 ? account : `sms-kw${index}-1`));
  await openAccounts(core, accounts);
  const { perSecond } = await send(core, accounts, inFlight, more);
  await store.close();
  return perSecond;
};

/** Until the time is over, or an id is reached; with `settles` each message is settled at once, so that only the stream grows. */
const send = async ({ writer }: LedgerCore, accounts: readonly string[], inFlight: number, { firstId = 1, settles = false, forMs = caseMs, upTo = Infinity }: Load) => {
  let nextId = firstId;
  let done = 0;
  const startMs = performance.now();
  const sender = async (): Promise<void> => {
    while (performance.now() < startMs + forMs && nextId < upTo) {
      const messageId = nextId++;
      const name = accounts[messageId % accounts.length] ?? account;
      const commandId = String(messageId);
      const cause = { commandId, correlationId: commandId, source: { topic: 'kwota.submissions.v1', partition: 0, offset: messageId } };
      const { refusal } = writer.hold(name, holdCommandOf(submissionOf(name, messageId), settings, Date.now()), cause);
      if (refusal) throw new Error(`the benchmark was refused: ${refusal.code}`);
      if (settles) writer.decide(name, { type: 'SettleCharge', messageId, parts: [{ ptt: 4, dlr: 1 }], silent: false, submitted: true }, { ...cause, source: null });
      await writer.flushed();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
  return { perSecond: (done * 1_000) / (performance.now() - startMs), nextId };
};

const longStreamEvents = 100_000;
const slices = 6;
const sliceMs = 500;

/** Slices of both in turn, so that whatever else the machine does meets both: how fast the long one is, of the new one. */
const measureLongStream = async (shortFile: string, longFile: string): Promise<number> => {
  const open = async (path: string, firstId: number) => {
    const store = await SqliteEventStore.open({ path });
    const core = await openLedgerCore(store);
    await openAccounts(core, [account]);
    return { store, core, nextId: firstId, perSecond: 0 };
  };
  const long = await open(longFile, 1);
  ({ nextId: long.nextId } = await send(long.core, [account], 1_024, { settles: true, upTo: longStreamEvents / 2, forMs: Infinity }));
  const short = await open(shortFile, 1);
  for (let slice = 0; slice < slices; slice += 1)
    for (const each of [short, long]) {
      const { perSecond, nextId } = await send(each.core, [account], 1_024, { settles: true, firstId: each.nextId, forMs: sliceMs });
      each.perSecond += perSecond;
      each.nextId = nextId;
    }
  for (const { store } of [short, long]) await store.close();
  return long.perSecond / short.perSecond;
};

const watchingTheLoop = async <Result>(work: () => Promise<Result>): Promise<{ result: Result; loop: { p99Ms: number; maxMs: number } }> => {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const result = await work();
  delays.disable();
  return { result, loop: { p99Ms: delays.percentile(99) / 1e6, maxMs: delays.max / 1e6 } };
};

/** What `kwota audit replay` does: chain and invariant checked, every balance folded. */
const measureReplay = async (file: string): Promise<{ events: number; perSecond: number }> => {
  const reader = await SqliteEventStore.openReadOnly({ path: file });
  const startMs = performance.now();
  const replay = await replayLedger(reader);
  const tookMs = performance.now() - startMs;
  await reader.close();
  if (!replay.ok) throw new Error(`the benchmark's own events do not hold: ${replay.fault.reason}`);
  return { events: replay.events, perSecond: (replay.events * 1_000) / tookMs };
};

const coldStartEvents = 1_000_000;

/** A process that was killed has closed nothing; all that it leaves is the file, which the measured start opens anew. */
const measureColdStart = async (file: string): Promise<{ withoutSnapshotsMs: number; withSnapshotsMs: number }> => {
  const names = Array.from({ length: 10 }, (_, index) => `sms-kw${index}-1`);
  const store = await SqliteEventStore.open({ path: file });
  const core = await openLedgerCore(store);
  await openAccounts(core, names);
  for (let messageId = 1; messageId <= coldStartEvents / 2; messageId += 1) {
    const name = names[messageId % names.length] ?? account;
    const cause = { commandId: String(messageId), correlationId: String(messageId), source: null };
    core.writer.hold(name, holdCommandOf(submissionOf(name, messageId), settings, Date.now()), cause);
    core.writer.decide(name, { type: 'SettleCharge', messageId, parts: [{ ptt: 4, dlr: 1 }], silent: false, submitted: true }, cause);
    if (messageId % 500 === 0) await core.writer.flushed();
  }
  await core.writer.flushed();
  await store.close();
  const withoutSnapshotsMs = await startMs(file);
  const again = await SqliteEventStore.open({ path: file });
  const { accounts } = await openLedgerCore(again);
  await new TakeSnapshotsHandler(accounts, again).handle(accounts.positionAtLoad);
  await again.close();
  return { withoutSnapshotsMs, withSnapshotsMs: await startMs(file) };
};

const startMs = async (file: string): Promise<number> => {
  const startedAtMs = performance.now();
  const store = await SqliteEventStore.open({ path: file });
  await openLedgerCore(store);
  const tookMs = performance.now() - startedAtMs;
  await store.close();
  return tookMs;
};

const openAccounts = async ({ accounts, writer }: LedgerCore, names: readonly string[]): Promise<void> => {
  await accounts.ensureLoaded(names);
  const cause = { commandId: 'bench', correlationId: 'bench', source: null };
  for (const name of names) {
    writer.decide(name, { type: 'OpenAccount' }, cause);
    writer.decide(name, { type: 'OpenUser', userId }, cause);
    writer.decide(name, { type: 'PurchaseCredits', reference: 'bench', amountMilliCredits: 1_000_000_000_000 }, cause);
  }
  await writer.flushed();
};

const submissionOf = (name: string, messageId: number): SendSubmission => ({
  kind: 'send',
  account: name,
  userId,
  messageIds: [messageId],
  receivers: ['+33600000001'],
  sender: 'KWOTA',
  text: 'Your parcel is at the door, and it will not wait for long.',
  coding: '7bit',
  parts: 1,
  noStop: true,
  source: 'http2sms',
  submittedAtMs: 1_795_435_200_000,
  deadlineMs: 8_000_000_000_000,
});
