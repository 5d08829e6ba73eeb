import { sends } from '@kwota/credit-ledger/testing';
import type { CreditFact } from '@kwota/contracts/credit.v1';
import type { CreditCommand } from '@kwota/credit-ledger';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { encodeEvent } from '@kwota/audit-log';
import { Messaging, type AssignmentListener, type OutgoingMessage } from '@kwota/messaging';
import { TransientFailure } from '@kwota/messaging/failures';
import { partitionOf } from '@kwota/messaging/partition-of';
import { createLogger } from '@kwota/service-kit/logger';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreditAccountsRepository } from './credit-accounts.repository.js';
import { FactsRelay } from './facts.relay.js';
import { LedgerClock } from './ledger-clock.js';
import { LedgerWriter } from './ledger-writer.js';
import { OwnPartitions } from './own-partitions.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-own-partitions-'));
afterAll(() => rmSync(folder, { recursive: true }));
const partitionCount = 8;
const account = 'sms-kw00001-1';
const partition = partitionOf(account, partitionCount);
const all = new Set(Array.from({ length: partitionCount }, (_, index) => index));
const none = new Set<number>();
const silent = createLogger('test', 'error', { write: () => undefined });

/** A log that tells its one listener what a test wants, and keeps what is published. */
class TellingLog extends Messaging {
  readonly facts: CreditFact[] = [];
  listener: AssignmentListener = async () => undefined;
  override readonly partitionCount = partitionCount;
  override readonly stats = { published: 0, commits: 0, retries: 0, deadLetters: 0 };
  override async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    this.facts.push(...messages.map(({ value }) => JSON.parse(value ?? '') as CreditFact));
  }
  override onAssignment(_group: string, listener: AssignmentListener): void {
    this.listener = listener;
  }
  override subscribe = () => Promise.reject(new Error('not in this test'));
  override lags = () => new Map<string, number>();
  override health = () => ({ ready: true, reasons: [] });
  override close = async (): Promise<void> => undefined;
}

let files = 0;
let commands = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

/** One of several ledgers over the same store. */
const openLedger = async (path: string) => {
  const log = new TellingLog();
  const store = await SqliteEventStore.open({ path });
  const accounts = new CreditAccountsRepository(store);
  const relay = new FactsRelay(store, log, silent);
  const writer = new LedgerWriter(accounts, store, relay, new LedgerClock());
  const partitions = new OwnPartitions(log, store, accounts, writer, relay, silent);
  partitions.follow('kwota.ledger');
  const decide = async (...all: readonly CreditCommand[]) => {
    await accounts.ensureLoaded([account]);
    const decisions = all.map((command) => writer.decide(account, command, { commandId: `c-${(commands += 1)}`, correlationId: 'test', source: null }));
    await writer.flushed();
    return decisions;
  };
  return {
    log,
    store,
    accounts,
    relay,
    writer,
    partitions,
    decide,
    gain: () => log.listener({ partitions: all, gained: all, lost: none }),
    gainOne: () => log.listener({ partitions: new Set([partition]), gained: new Set([partition]), lost: none }),
    lose: () => log.listener({ partitions: none, gained: none, lost: all }),
    known: () => accounts.find(account)?.state,
    close: () => relay.close().then(() => store.close()),
  };
};

const noted = async (relay: FactsRelay): Promise<void> => {
  while (!(await relay.isNoted())) await new Promise(setImmediate);
};

const opened: readonly CreditCommand[] = [
  { type: 'OpenAccount' },
  { type: 'OpenUser', userId: 'u-anna' },
  { type: 'PurchaseCredits', reference: 'first', amountMilliCredits: 10_000 },
];
const delivered = (messageId: number): CreditCommand => ({ type: 'SettleCharge', messageId, parts: [{ ptt: 4, dlr: 1 }], silent: false, submitted: true });

it('what it gains is in memory before the first message, what it loses is forgotten', async () => {
  const path = newFile();
  const [one, other] = [await openLedger(path), await openLedger(path)];
  await one.gain();
  await one.decide(...opened);
  expect([one.partitions.owns(account), other.partitions.owns(account)]).toEqual([true, false]);
  await one.lose();
  await other.gainOne();
  expect([one.known(), other.known()?.poolMilliCredits]).toEqual([undefined, 10_000]);
  expect([one.partitions.owns(account), other.partitions.owns(account)]).toEqual([false, true]);
  await one.close();
  await other.close();
});

it('what another decided meanwhile is known when it comes back: a final finds its hold', async () => {
  const path = newFile();
  const [one, other] = [await openLedger(path), await openLedger(path)];
  await one.gain();
  await one.decide(...opened);
  await one.lose();
  await other.gainOne();
  await other.decide(sends([1]));
  await other.lose();
  await one.gainOne();
  await one.decide(delivered(1));
  expect(one.known()).toMatchObject({ heldMilliCredits: 0, consumedMilliCredits: 1_000 });
  await one.close();
  await other.close();
});

it('a process that was paused and still believes in its partitions appends nothing, and finds the outcome that there is', async () => {
  const path = newFile();
  const [paused, other] = [await openLedger(path), await openLedger(path)];
  await paused.gain();
  await paused.decide(...opened);
  await other.gainOne();
  await other.decide(sends([1]));
  await expect(paused.decide(sends([1]))).rejects.toThrow(TransientFailure);
  // The batch comes again: the hold that there is, and no second one.
  await paused.decide(sends([1]));
  const events: string[] = [];
  for await (const { type } of other.store.readAll()) events.push(type);
  expect(events.filter((type) => type === 'CreditsHeld')).toHaveLength(1);
  await paused.close();
  await other.close();
});

it('facts that the one before could not publish are published by the next, in order and once', async () => {
  const path = newFile();
  const one = await openLedger(path);
  await one.gain();
  await one.decide(...opened);
  await noted(one.relay);
  // Killed between the append and the publication.
  one.log.publish = () => new Promise(() => undefined);
  await one.decide(sends([1, 2]));
  const other = await openLedger(path);
  await other.gainOne();
  await noted(other.relay);
  expect(other.log.facts.map(({ type, accountSequence }) => `${accountSequence} ${type}`)).toEqual(['3 CreditsHeld', '4 CreditsHeld']);
  await other.close();
  await one.store.close();
});

it('is not ready before it has its accounts; a store that does not answer has it told again', async () => {
  const one = await openLedger(newFile());
  expect(one.partitions.health()).toEqual({ ready: false, reasons: ['no partition has been assigned yet'] });
  const { streams } = one.store;
  one.store.streams = () => Promise.reject(new Error('connection lost'));
  await expect(one.gain()).rejects.toThrow('connection lost');
  expect(one.partitions.health().reasons.join()).toContain('cannot be read');
  one.store.streams = streams;
  await one.gain();
  expect(one.partitions.health()).toEqual({ ready: true, reasons: [] });
  await one.close();
});

it('a chain that was changed behind its back ends all deciding, and health names the account', async () => {
  const path = newFile();
  const one = await openLedger(path);
  await one.gain();
  await one.decide(...opened);
  await one.close();
  const other = await openLedger(path);
  const { readAll } = other.store;
  other.store.readAll = async function* (from?: number) {
    for await (const event of readAll.call(other.store, from)) yield event.revision === 2 ? { ...event, data: Buffer.from(Buffer.from(event.data).toString().replace('10000', '90000')) } : event;
  };
  await other.gain();
  expect(other.partitions.health().reasons.join()).toContain(`${account}: the hash chain breaks at revision 2`);
  await expect(other.decide(sends([1]))).rejects.toThrow(TransientFailure);
  await other.close();
});

it('only a ledger that has all partitions knows up to which position everything is folded', async () => {
  const path = newFile();
  const one = await openLedger(path);
  await one.gain();
  await one.decide(...opened);
  expect(one.partitions.durableUpTo).toBe(3);
  await one.gainOne();
  expect(one.partitions.durableUpTo).toBeUndefined();
  await one.close();
});

describe('a stream that somebody else has written on', () => {
  const forge = async (ledger: Awaited<ReturnType<typeof openLedger>>, revision: number): Promise<void> => {
    const data = encodeEvent({ v: 1, account, revision, time: '2030-01-01T00:00:00.000Z', type: 'CreditsPurchased', data: {}, commandId: 'c', correlationId: 'c', source: null });
    await ledger.store.append([{ stream: `credit-${account}`, expectedRevision: revision - 1, events: [{ id: 'forged', type: 'CreditsPurchased', data, hash: Buffer.alloc(32) }] }]);
  };

  it('and that is read again: what needs the account waits, readiness says why, and the other accounts go on', async () => {
    const ledger = await openLedger(newFile());
    await ledger.gain();
    await ledger.decide(...opened);
    await forge(ledger, 3);
    // The append is fenced, and the account is read again.
    await expect(ledger.decide(sends([1]))).rejects.toThrow(TransientFailure);
    for (let time = 0; time < 2; time += 1) await expect(ledger.decide(sends([1]))).rejects.toThrow(TransientFailure);
    expect(ledger.partitions.health()).toEqual({ ready: false, reasons: [`${account}: the hash chain breaks at revision 3; kwota audit replay tells more`] });
    await ledger.accounts.ensureLoaded(['sms-other-1']);
    ledger.writer.decide('sms-other-1', { type: 'OpenAccount' }, { commandId: 'o', correlationId: 'o', source: null });
    await ledger.writer.flushed();
    await ledger.close();
  });

  it('and that is found when a ledger starts: it decides nothing and says why', async () => {
    const path = newFile();
    const [first, second] = [await openLedger(path), await openLedger(path)];
    await first.gain();
    await first.decide(...opened);
    await forge(first, 3);
    await second.gainOne();
    expect(second.partitions.health().reasons).toEqual([`${account}: the hash chain breaks at revision 3; kwota audit replay tells more`]);
    expect(second.writer.troubles).toEqual(['an invariant broke (ChainBroken)']);
    await first.close();
    await second.close();
  });
});

it('an append that was stored without saying so is told as facts soon, though nobody uses its account', async () => {
  const ledger = await openLedger(newFile());
  await ledger.gain();
  await ledger.decide(...opened);
  const { append } = ledger.store;
  ledger.store.append = async (batch) => {
    ledger.store.append = append;
    await append.call(ledger.store, batch);
    throw new Error('no answer');
  };
  await expect(ledger.decide(sends([1]))).rejects.toThrow(TransientFailure);
  for (const giveUpAtMs = Date.now() + 20_000; !ledger.log.facts.some(({ type }) => type === 'CreditsHeld'); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > giveUpAtMs) throw new Error('the fact did not come');
  expect(ledger.log.facts.map(({ accountSequence }) => accountSequence)).toEqual([0, 1, 2, 3]);
  ledger.partitions.stop();
  await ledger.close();
}, 30_000);
