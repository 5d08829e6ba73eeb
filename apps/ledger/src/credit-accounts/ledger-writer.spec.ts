import type { CreditCommand } from '@kwota/credit-ledger';
import { sends } from '@kwota/credit-ledger/testing';
import { EventStore, type AppendOutcome, type StreamAppend } from '@kwota/event-store';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { PublishFailed, TransientFailure } from '@kwota/messaging/failures';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreditAccountsRepository } from './credit-accounts.repository.js';
import { streamOf } from './fold-account.js';
import { clockJumpMaxMs, LedgerClock } from './ledger-clock.js';
import { factsWaitingMax, gatheredEventsMax, LedgerWriter, type AppendedEvent } from './ledger-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-ledger-writer-'));
afterAll(() => rmSync(folder, { recursive: true }));

const account = 'sms-kw00001-1';
let commands = 0;
const cause = () => ({ commandId: `c-${(commands += 1)}`, correlationId: 'test', source: null });

type Append = (batch: readonly StreamAppend[]) => Promise<readonly AppendOutcome[]>;
type Behaviour = (append: Append, batch: readonly StreamAppend[]) => Promise<readonly AppendOutcome[]>;

/** A store whose next appends go as a test wants them to. */
class TroubledStore extends EventStore {
  readonly appends: (readonly StreamAppend[])[] = [];
  private readonly next: Behaviour[] = [];

  constructor(private readonly inner: SqliteEventStore) {
    super();
  }

  once(behaviour: Behaviour): void {
    this.next.push(behaviour);
  }

  override append(batch: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    this.appends.push(batch);
    const behaviour = this.next.shift();
    return behaviour ? behaviour((one) => this.inner.append(one), batch) : this.inner.append(batch);
  }

  override readStream: EventStore['readStream'] = (...of) => this.inner.readStream(...of);
  override readAll: EventStore['readAll'] = (...of) => this.inner.readAll(...of);
  override streams: EventStore['streams'] = () => this.inner.streams();
  override saveSnapshot: EventStore['saveSnapshot'] = (...of) => this.inner.saveSnapshot(...of);
  override loadSnapshot: EventStore['loadSnapshot'] = (...of) => this.inner.loadSnapshot(...of);
  override saveMarks: EventStore['saveMarks'] = (...of) => this.inner.saveMarks(...of);
  override loadMarks: EventStore['loadMarks'] = (...of) => this.inner.loadMarks(...of);
  override health: EventStore['health'] = () => this.inner.health();
  override close: EventStore['close'] = () => this.inner.close();
}

const failing: Behaviour = () => Promise.reject(new Error('the disk is full'));
/** The crash between write and acknowledgement. */
const silent: Behaviour = async (append, batch) => {
  await append(batch);
  throw new Error('no answer');
};

const open = async (path: string, clock = new LedgerClock()) => {
  const store = new TroubledStore(await SqliteEventStore.open({ path }));
  const facts: AppendedEvent[] = [];
  const accounts = new CreditAccountsRepository(store);
  await accounts.loadAll();
  const relay = { publish: (events: readonly AppendedEvent[]) => void facts.push(...events), waiting: 0 };
  const writer = new LedgerWriter(accounts, store, relay, clock);
  const run = async (...all: readonly CreditCommand[]) => {
    await accounts.ensureLoaded([account]);
    const decisions = all.map((command) => writer.decide(account, command, cause()));
    await writer.flushed();
    return decisions;
  };
  const pool = async () => {
    await accounts.ensureLoaded([account]);
    return accounts.get(account).state.poolMilliCredits;
  };
  return { store, facts, relay, accounts, writer, run, pool };
};

let files = 0;
const newFile = () => join(folder, `${(files += 1)}.db`);
const openedWith = async (credits: number, path = newFile(), clock?: LedgerClock) => {
  const ledger = await open(path, clock);
  const purchase = { type: 'PurchaseCredits', reference: 'first', amountMilliCredits: credits * 1_000 } as const;
  await ledger.run({ type: 'OpenAccount' }, { type: 'OpenUser', userId: 'u-anna' }, purchase);
  return { ...ledger, path };
};

describe('group commit', () => {
  it('what is decided in one turn is one append; what is decided while it runs is the next', async () => {
    const { run, store } = await openedWith(10);
    const before = store.appends.length;
    const underWay: Promise<unknown>[] = [];
    // While the first append runs, three more are decided.
    store.once(async (append, batch) => {
      underWay.push(run(sends([3])), run(sends([4])), run(sends([5])));
      await new Promise((resolve) => setTimeout(resolve, 5));
      return append(batch);
    });
    await Promise.all([run(sends([1])), run(sends([2]))]);
    await Promise.all(underWay);
    expect(store.appends.slice(before).map((batch) => batch.map(({ events }) => events.length))).toEqual([[2], [3]]);
  });

  it('nothing is shown before it is durable', async () => {
    const { writer, accounts, store, facts } = await openedWith(10);
    let release: () => void = () => undefined;
    store.once(async (append, batch) => {
      await new Promise<void>((resolve) => (release = resolve));
      return append(batch);
    });
    const told = facts.length;
    await accounts.ensureLoaded([account]);
    writer.decide(account, sends([1]), cause());
    let isFlushed = false;
    const flushed = writer.flushed().then(() => (isFlushed = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([isFlushed, facts.length]).toEqual([false, told]);
    release();
    await flushed;
    expect(facts.length).toBe(told + 1);
  });
});

describe('what is decided on a command that the log may still lose', () => {
  const decideOn = async (durable: Promise<void>) => {
    const ledger = await openedWith(10);
    const before = ledger.store.appends.length;
    await ledger.accounts.ensureLoaded([account]);
    ledger.writer.decide(account, sends([1]), { ...cause(), durable });
    return { ...ledger, appends: () => ledger.store.appends.length - before };
  };

  it('is written once the log has it', async () => {
    let has = (): void => undefined;
    const { writer, appends } = await decideOn(new Promise((resolve) => (has = resolve)));
    const flushed = writer.flushed();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(appends()).toBe(0);
    has();
    await flushed;
    expect(appends()).toBe(1);
  });

  it('is void where the log lost it, and nothing of it is written', async () => {
    const { writer, appends, pool, run } = await decideOn(Promise.reject(new PublishFailed('the disk is gone')));
    await expect(writer.flushed()).rejects.toThrow(TransientFailure);
    expect(appends()).toBe(0);
    expect(await pool()).toBe(10_000);
    await run(sends([1]));
    expect(await pool()).toBe(9_000);
  });
});

describe('a failed append', () => {
  it('takes back what was decided, also what gathered meanwhile, and the next decision stands on what is durable', async () => {
    const { run, store, pool, writer } = await openedWith(10);
    store.once(failing);
    const first = run(sends([1]));
    await new Promise((resolve) => setImmediate(resolve));
    const outcomes = await Promise.allSettled([first, run(sends([2]))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((outcomes[0] as PromiseRejectedResult).reason).toBeInstanceOf(TransientFailure);
    expect(writer.troubles).toHaveLength(1);
    expect(await pool()).toBe(10_000);
    await run(sends([1]));
    expect(writer.troubles).toEqual([]);
    expect(await pool()).toBe(9_000);
  });

  it('whose events are in the store after all charges once', async () => {
    const { run, store, pool } = await openedWith(10);
    store.once(silent);
    await expect(run(sends([1]))).rejects.toThrow(TransientFailure);
    expect(await run(sends([1]))).toMatchObject([{ events: [] }]);
    expect(await pool()).toBe(9_000);
  });
});

describe('a full queue', () => {
  it('of what waits for the store: what comes next is told to come again, nothing of it is decided, and it goes on when the append has ended', async () => {
    const { writer, accounts, store, run, pool } = await openedWith(gatheredEventsMax + 2);
    let release: () => void = () => undefined;
    store.once(async (append, batch) => {
      await new Promise<void>((resolve) => (release = resolve));
      return append(batch);
    });
    const appends = store.appends.length;
    const first = run(sends([1]));
    while (store.appends.length === appends) await new Promise((resolve) => setImmediate(resolve));
    const { revision } = accounts.get(account).state;
    const receivers = 1_000;
    for (let id = 1_000; id < 1_000 + gatheredEventsMax; id += receivers) writer.hold(account, sends(Array.from({ length: receivers }, (_, index) => id + index)), cause());
    expect(() => writer.hold(account, sends([2]), cause())).toThrow('too many events wait for the event store');
    expect(() => writer.decide(account, { type: 'CloseUser', userId: 'u-anna' }, cause())).toThrow(TransientFailure);
    expect(accounts.get(account).state.revision).toBe(revision + gatheredEventsMax);
    expect(writer.troubles).toEqual(['too many events wait for the event store']);
    release();
    await first;
    await writer.flushed();
    expect(writer.troubles).toEqual([]);
    await run(sends([2]));
    expect(await pool()).toBe(0);
  }, 30_000);

  it('of what waits to be published, likewise', async () => {
    const { writer, relay, run, pool } = await openedWith(10);
    relay.waiting = factsWaitingMax;
    await expect(run(sends([1]))).rejects.toThrow(TransientFailure);
    expect(writer.troubles).toEqual(['too many events wait to be published']);
    relay.waiting = factsWaitingMax - 1;
    await run(sends([1]));
    expect(await pool()).toBe(9_000);
  });
});

describe('a second writer', () => {
  it('is fenced, drops its state and decides on what the first one wrote', async () => {
    const first = await openedWith(10);
    const second = await open(first.path);
    expect(await second.pool()).toBe(10_000);
    await first.run(sends([1, 2, 3]));
    await expect(second.run(sends([4]))).rejects.toThrow(TransientFailure);
    await second.run(sends([4]));
    expect(await second.pool()).toBe(6_000);
    await expect(first.run(sends([5]))).rejects.toThrow(TransientFailure);
  });

  it('is fenced also when it only refuses: what was bought elsewhere is not refused', async () => {
    const first = await openedWith(1);
    const second = await open(first.path);
    await first.run({ type: 'PurchaseCredits', reference: 'second', amountMilliCredits: 9_000 });
    await expect(second.run(sends([1, 2]))).rejects.toThrow(TransientFailure);
    const [decision] = await second.run(sends([1, 2]));
    expect(decision?.refusal).toBeUndefined();
  });

  it('the streams that it did not lose are told as facts', async () => {
    const first = await openedWith(10);
    const second = await open(first.path);
    await first.run(sends([1]));
    await second.accounts.ensureLoaded(['sms-other-1', account]);
    second.writer.decide('sms-other-1', { type: 'OpenAccount' }, cause());
    second.writer.decide(account, sends([2]), cause());
    await expect(second.writer.flushed()).rejects.toThrow(TransientFailure);
    expect(second.facts).toMatchObject([{ account: 'sms-other-1', revision: 0 }]);
  });
});

describe('the clock', () => {
  it('may go back by less than a minute: time within a stream does not', async () => {
    let wallMs = Date.UTC(2030, 0, 1);
    const ledger = await openedWith(10, newFile(), new LedgerClock(() => wallMs, () => 0));
    wallMs -= clockJumpMaxMs / 2;
    await ledger.run(sends([1]));
    const times: number[] = [];
    for await (const { data } of ledger.store.readStream(streamOf(account))) times.push(Date.parse(JSON.parse(Buffer.from(data).toString()).time));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('jumping by more than a minute against the monotonic one stops decisions', async () => {
    let wallMs = Date.UTC(2030, 0, 1);
    const ledger = await openedWith(10, newFile(), new LedgerClock(() => wallMs, () => 0));
    wallMs += clockJumpMaxMs + 1;
    await expect(ledger.run(sends([1]))).rejects.toThrow(TransientFailure);
  });
});

it('a broken invariant writes nothing and stops decisions for good', async () => {
  const { run, accounts, store, writer } = await openedWith(10);
  const before = store.appends.length;
  accounts.get(account).state.poolMilliCredits += 1;
  await expect(run(sends([1]))).rejects.toThrow(/used of/);
  await expect(run(sends([2]))).rejects.toThrow(TransientFailure);
  await new Promise((resolve) => setImmediate(resolve));
  expect(store.appends.length).toBe(before);
  expect(writer.troubles).toHaveLength(1);
});

it('a store that cannot be read is a failure that may pass: what needs the account comes again', async () => {
  const { store, accounts, run, pool } = await openedWith(10);
  accounts.drop(account);
  const { readStream } = store;
  store.readStream = () => {
    throw new Error('connection lost');
  };
  await expect(run(sends([1]))).rejects.toThrow(TransientFailure);
  store.readStream = readStream;
  await run(sends([1]));
  expect(await pool()).toBe(9_000);
});
