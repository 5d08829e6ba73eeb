// The ledger's core against what the machine can do at all: DESIGN §10. Ratios of one run matter, absolute numbers are the machine's.
import { replayLedger } from '@kwota/audit-log/replay-ledger';
import type { SendSubmission } from '@kwota/contracts/submissions.v1';
import { ratingPolicyV1 } from '@kwota/credit-ledger';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { holdCommandOf, LedgerSettings, openLedgerCore, TakeSnapshotsHandler, type LedgerCore } from '@kwota/ledger/core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.js';
import type { Limits } from './limits.js';

const account = 'sms-kw00001-1';
const userId = 'u-7f3k2m9q';
const settings = new LedgerSettings(ratingPolicyV1);
const caseMs = 3_000;

/** DESIGN §10's first rows, as ratios of what this disk (L1) and this core (L2) can do at best; in a folder of its own under `parentFolder`. */
export const benchLedgerCore = async ({ l1PerSecond, l2PerSecond }: Limits, parentFolder = tmpdir()): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(join(parentFolder, 'kwota-bench-'));
  try {
    const fileOf = (name: string) => join(folder, `${name}.db`);
    const rate = (name: string, inFlight: number, more: Load = {}) => measureCore(fileOf(name), inFlight, more);
    // The first run compiles the code; it does not count.
    await rate('warm-up', 256);
    const one = await rate('one', 1);
    const some = await rate('some', 256);
    const many = await rate('many', 1_024);
    const spread = await rate('spread', 1_024, { accountCount: 1_000 });
    const replayed = await measureReplay(fileOf('many'));
    // The same file again: its stream is long by now.
    const long = await rate('many', 1_024, { firstId: 1e9 });
    const start = await measureColdStart(fileOf('cold'));
    return [
      { case: 'ledger core, 1 in flight', value: one, unit: '/s' },
      { case: 'ledger core, 1 in flight, of L1', value: one / l1PerSecond, unit: '× L1', goal: '≥ 0.65' },
      { case: 'ledger core, 256 in flight', value: some, unit: '/s' },
      { case: 'ledger core, 256 in flight, of L2', value: some / l2PerSecond, unit: '× L2', goal: '≥ 0.20' },
      { case: 'ledger core, 1,024 in flight', value: many, unit: '/s' },
      { case: 'ledger core, 1,024 in flight, of L2', value: many / l2PerSecond, unit: '× L2', goal: '≥ 0.22' },
      { case: 'one hot account against 1,000', value: many / spread, unit: '×', goal: '≥ 0.95' },
      { case: `a stream of ${replayed.events} events against an empty one`, value: long / many, unit: '×', goal: '≥ 0.95' },
      { case: 'replay with hash check', value: replayed.perSecond, unit: '/s' },
      { case: 'replay with hash check, of L2', value: replayed.perSecond / l2PerSecond, unit: '× L2', goal: '≥ 0.4' },
      { case: 'cold start, 1,000,000 events, all folded', value: start.withoutSnapshotsMs / 1_000, unit: 's' },
      { case: 'cold start, 1,000,000 events, with snapshots', value: start.withSnapshotsMs / 1_000, unit: 's', goal: '≤ 2' },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};

type Load = Readonly<{ accountCount?: number; firstId?: number }>;

/** Closed loop: each of `inFlight` senders has one command at a time and waits until it is durable. */
const measureCore = async (file: string, inFlight: number, { accountCount = 1, firstId = 1 }: Load): Promise<number> => {
  const store = await SqliteEventStore.open({ path: file });
  const core = await openLedgerCore(store);
  const accounts = Array.from({ length: accountCount }, (_, index) => (accountCount === 1 ? account : `sms-kw${index}-1`));
  await openAccounts(core, accounts);
  let nextId = firstId;
  let done = 0;
  const endMs = performance.now() + caseMs;
  const startMs = performance.now();
  const sender = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const messageId = nextId++;
      const name = accounts[messageId % accountCount] ?? account;
      const commandId = String(messageId);
      const command = holdCommandOf(submissionOf(name, messageId), settings, Date.now());
      const source = { topic: 'kwota.submissions.v1', partition: 0, offset: messageId };
      const { refusal } = core.writer.hold(name, command, { commandId, correlationId: commandId, source });
      if (refusal) throw new Error(`the benchmark was refused: ${refusal.code}`);
      await core.writer.flushed();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
  const rate = (done * 1_000) / (performance.now() - startMs);
  await store.close();
  return rate;
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
