// The ledger's core as a process to be killed. Its first line of input is a Life, each further one a batch of commands as the log would give it;
// it writes one line when it has read its store, then one for each batch as soon as the outcomes are durable.
import { isApplied } from '@kwota/credit-ledger';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type * as LedgerCore from '../../src/ledger-core.js';
import type { Life, LoggedCommand, Opened, Outcome } from './command-log.js';

/** So that the next batches are decided while an append runs. */
const batchesAtOnce = 3;

/** As it was built: a process that compiles its code first lives too long. */
const { openLedgerCore, TakeSnapshotsHandler } = (await import(process.argv[1] ?? '')) as typeof LedgerCore;

/** Synchronously: what the killed process had told must have left it. */
const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { path, takesSnapshots } = JSON.parse((await lines.next()).value as string) as Life;
const store = await SqliteEventStore.open({ path });
const { accounts, writer } = await openLedgerCore(store);
say(
  Array.from(accounts.all(), ({ account, state }): Opened => {
    const { revision, poolMilliCredits, quotasMilliCredits, heldMilliCredits, consumedMilliCredits, openCharges } = state;
    return { account, revision, sums: [poolMilliCredits, quotasMilliCredits, heldMilliCredits, consumedMilliCredits, openCharges.size] };
  }),
);
if (takesSnapshots) void new TakeSnapshotsHandler(accounts, store).handle(accounts.positionAtLoad);

const outcomeOf = ({ account, command, cause }: LoggedCommand): Outcome => {
  if (command.type !== 'HoldCredits') return writer.decide(account, command, cause).refusal?.code ?? 'done';
  const alreadyApplied = isApplied(accounts.get(account).state, cause.source ?? undefined);
  const { held, refusal } = writer.hold(account, { ...command, alreadyApplied }, cause);
  return held ? `took ${held.takenMilliCredits}, left ${held.leftMilliCredits}` : refusal.code;
};

const underWay = new Set<Promise<void>>();
for (let line = await lines.next(); !line.done; line = await lines.next()) {
  const batch = JSON.parse(line.value) as LoggedCommand[];
  // In the log's order: no batch is decided before the one that waits for an account.
  await accounts.ensureLoaded(new Set(batch.map(({ account }) => account)));
  const outcomes = batch.map((logged) => [logged.index, outcomeOf(logged)] as const);
  const told = writer.flushed().then(() => say(outcomes));
  underWay.add(told);
  void told.then(() => underWay.delete(told));
  if (underWay.size >= batchesAtOnce) await Promise.race(underWay);
}
