import { aShopAndABank, anyHistory, type WrittenHistory } from '@kwota/audit-log/testing';
import { CheckpointFile } from '@kwota/audit-log/checkpoint-file';
import { generateSignerKey, parseSignerKey } from '@kwota/audit-log/note-keys';
import { verifyNote } from '@kwota/audit-log/signed-note';
import { verifyHistory } from '@kwota/audit-log/verify-history';
import type { StoredEvent } from '@kwota/event-store';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { openAccount, purchaseCredits } from '@kwota/contracts/ledger.requests.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SealEventsHandler, SealingRefused } from './seal-events.handler.js';
import { sealingKeys } from './seal-events.config.js';
import { SealEventsTimer } from './seal-events.timer.js';
import { LedgerModule } from '../ledger.module.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-sealing-'));
const opened: { close(): unknown }[] = [];
afterAll(async () => {
  for (const { close } of opened.map((one) => ({ close: () => one.close() }))) await close();
  rmSync(folder, { recursive: true });
});
const keyText = generateSignerKey('kwota.example.org/ledger', 'log');
const key = parseSignerKey(keyText);
let files = 0;

const checkpoints = (path = join(folder, `${(files += 1)}-checkpoints.db`)): CheckpointFile => {
  const file = CheckpointFile.open(path);
  opened.push(file);
  return file;
};
/** A history in a store, event by event. */
const storeOf = async ({ stored }: WrittenHistory, count = stored.length) => {
  const store = await SqliteEventStore.open({ path: join(folder, `${(files += 1)}.db`) });
  opened.push(store);
  const append = async (from: number, to: number) => {
    for (const { stream, revision, id, type, data, hash } of stored.slice(from, to))
      await store.append([{ stream, expectedRevision: revision - 1, events: [{ id, type, data, hash }] }]);
  };
  await append(0, count);
  return { store, more: () => append(count, stored.length) };
};
const list = (events: readonly StoredEvent[]) => ({
  async *readAll(from = 1) {
    yield* events.slice(from - 1);
  },
});
const history = aShopAndABank();

describe('the sealer', () => {
  it('signs what is there, and again only when there is more', async () => {
    const { store, more } = await storeOf(history, 10);
    const file = checkpoints();
    const sealer = new SealEventsHandler(store, file, [key]);
    await sealer.handle();
    await sealer.handle();
    await more();
    await sealer.handle();
    const signed = file.all();
    expect(signed.map(({ size, origin }) => [size, origin])).toEqual([10, history.stored.length].map((size) => [size, 'kwota.example.org/ledger']));
    for (const { note } of signed) expect(verifyNote(note, [key.verifier]).ok).toBe(true);
    expect((await verifyHistory(store.readAll(), signed)).findings).toEqual([]);
  });

  it('goes on after a kill from its last checkpoint, to the tree that it would have built in one go', async () => {
    const { stored } = anyHistory(7, 600);
    const path = join(folder, 'resumed.db');
    for (const size of [1, 200, 201, stored.length]) {
      const file = CheckpointFile.open(path);
      await new SealEventsHandler(list(stored.slice(0, size)), file, [key]).handle();
      file.close();
    }
    const file = checkpoints(path);
    const atOnce = checkpoints();
    await new SealEventsHandler(list(stored), atOnce, [key]).handle();
    expect(file.all().map(({ size }) => size)).toEqual([1, 200, 201, stored.length]);
    expect(file.latest()?.note.text).toBe(atOnce.latest()?.note.text);
  });

  it('holds nobody up: it gives way after every 200 events', async () => {
    const { stored } = anyHistory(8, 700);
    let turns = 0;
    await new SealEventsHandler(list(stored), checkpoints(), [key], async () => void (turns += 1)).handle();
    expect(turns).toBe(Math.floor(stored.length / 200));
  });

  it('ends in time, with a checkpoint of what it has', async () => {
    const { stored } = anyHistory(8, 700);
    const file = checkpoints();
    await new SealEventsHandler(list(stored), file, [key]).handle(() => 0);
    expect(file.latest()?.size).toBe(200);
  });

  it.each([
    ['shorter', history.stored.slice(0, -1)],
    ['another in the place of its last event', history.stored.with(-1, { ...history.stored.at(-1)!, hash: Buffer.alloc(32) })],
    ['without one in between', history.stored.concat({ ...history.stored[0]!, position: 99 })],
  ])('refuses a store that is %s', async (_, events) => {
    const file = checkpoints();
    await new SealEventsHandler(list(history.stored), file, [key]).handle();
    await expect(new SealEventsHandler(list(events), file, [key]).handle()).rejects.toThrow(SealingRefused);
    expect(file.all()).toHaveLength(1);
  });

  it('does not go on with the checkpoints of another log', async () => {
    const file = checkpoints();
    await new SealEventsHandler(list(history.stored), file, [key]).handle();
    const other = parseSignerKey(generateSignerKey('other.example.org', 'log'));
    await expect(new SealEventsHandler(list(history.stored), file, [other]).handle()).rejects.toThrow(SealingRefused);
  });

  it('signs with an old key and a new one of the same name', async () => {
    const file = checkpoints();
    const next = parseSignerKey(generateSignerKey(key.name, 'log'));
    await new SealEventsHandler(list(history.stored), file, [key, next]).handle();
    for (const { verifier } of [key, next]) expect(verifyNote(file.latest()!.note, [verifier]).ok).toBe(true);
  });
});

describe('the timer', () => {
  const log = createLogger('test', 'error');
  log.level = 'silent';

  it('seals at the stop what is new by then', async () => {
    const { store } = await storeOf(history);
    const file = checkpoints();
    const timer = new SealEventsTimer(new SealEventsHandler(store, file, [key]), 3_600_000, log);
    timer.start();
    await timer.stop();
    expect(file.latest()?.size).toBe(history.stored.length);
  });

  it('tells that the store is not the one that was sealed, and signs no more', async () => {
    const file = checkpoints();
    await new SealEventsHandler(list(history.stored), file, [key]).handle();
    const timer = new SealEventsTimer(new SealEventsHandler(list([]), file, [key]), 1, log);
    await timer.stop();
    expect([timer.refused, file.all().length]).toEqual([1, 1]);
  });
});

describe('the keys', () => {
  it('are none where none is set', () => expect(sealingKeys({ auditKey: '' })).toEqual([]));
  it('are those of the environment', () => expect(sealingKeys({ auditKey: keyText }).map(({ id }) => id)).toEqual([key.id]));
  it('that are wrong stop the start, without being shown', () => {
    expect(() => sealingKeys({ auditKey: 'PRIVATE+KEY+oops' })).toThrow(/^KWOTA_AUDIT_KEY: (?!.*oops)/);
    expect(() => sealingKeys({ auditKey: generateSignerKey('w', 'witness') })).toThrow('witness');
    expect(() => sealingKeys({ auditKeyFile: join(folder, 'not-there') })).toThrow('KWOTA_AUDIT_KEY_FILE');
  });
});

it('a ledger with a key leaves a checkpoint of all its events when it stops', async () => {
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  const logger = createLogger('ledger', 'error');
  const metrics = new ProcessMetrics();
  const runtime = openRuntime('ledger', { messaging, logger, metrics, dataDir: folder, secretKey: 'test'.repeat(8), databaseUrl: '' });
  const config = { eventStoreUrl: '', ratesFile: '', sendDeadlineMs: 5_000, auditKey: keyText };
  const service = await startService(LedgerModule.register(runtime, config), { name: 'ledger', messaging, logger });
  const client = await RequestClient.start(messaging, 'test', 5_000);
  await client.ask(openAccount, { account: 'sms-kw00001-1' });
  await client.ask(purchaseCredits, { account: 'sms-kw00001-1', reference: 'first', amountMilliCredits: 5_000 });
  await client.close();
  await service.close();
  await messaging.close();
  expect(checkpoints(runtime.directory.file('checkpoints.db')).latest()).toMatchObject({ origin: key.name, size: 2 });
  runtime.directory.release();
});
