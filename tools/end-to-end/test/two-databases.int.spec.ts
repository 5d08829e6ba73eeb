// What service-kit promises to several instances of a service on one PostgreSQL database: relays, epochs, and sessions that do not hold each other up.
import { startPostgres } from '@kwota/postgres/postgres-server';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { createEpochTable } from '@kwota/service-kit/epoch-lock';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { LogInMemory } from '@kwota/service-kit/log-in-memory';
import { createLogger } from '@kwota/service-kit/logger';
import { createOutboxTable, Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import { run } from '@kwota/service-kit/sql';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { OutgoingMessage } from '@kwota/messaging';
import { ask, closeAll, closeLater, cutLocks, pause, until } from './two-instances.js';

class CreateTables1795000000000 implements MigrationInterface {
  readonly name = 'CreateTables1795000000000';
  async up(runner: QueryRunner): Promise<void> {
    await createOutboxTable(runner);
    await createEpochTable(runner, 40);
  }
  async down(): Promise<void> {}
}

const server = await startPostgres();
// They wait most of the time.
const onPostgres = server ? it.concurrent : it.skip;
afterAll(async () => {
  await closeAll();
  await server?.stop();
});
const url = server?.url ?? '';
const logger = createLogger('spec', 'error', { write: () => undefined });

const open = async (schema: string): Promise<ServiceDatabase> => {
  const database = await ServiceDatabase.open({ location: url, schema, entities: [outboxEntity], migrations: [CreateTables1795000000000] });
  closeLater(() => database.close());
  return database;
};
const relayOf = (database: ServiceDatabase, log: LogInMemory): Outbox => {
  const outbox = new Outbox(database, log, logger);
  closeLater(() => outbox.close());
  return outbox;
};
const message = (key: string, value: string): OutgoingMessage => ({ topic: 'kwota.users.v1', key, value, headers: {} });
const unsent = async (schema: string): Promise<number> => (await ask(url, `SELECT id FROM "${schema}".outbox`)).length;
/** Of all connections of a schema. */
const cutAll = (schema: string): Promise<unknown> => ask(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kwota ${schema}'`);

/** Takes so long for each publication. */
class SlowLog extends LogInMemory {
  constructor(private readonly delayMs: number) {
    super();
  }
  override async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    await pause(this.delayMs);
    await super.publish(messages);
  }
}

onPostgres('two relays of one outbox publish every row once, in the order of each key', async () => {
  const log = new LogInMemory();
  const databases = [await open('relays'), await open('relays')];
  const outboxes = databases.map((database) => relayOf(database, log));
  let written = 0;
  const write = async (index: number): Promise<void> => {
    await databases[index]?.transaction((manager) => outboxes[index]?.add(manager, Array.from({ length: 10 }, () => message(`key ${written % 3}`, String((written += 1))))) ?? Promise.resolve());
    outboxes[index]?.relay();
  };
  await Promise.all(Array.from({ length: 100 }, (_, index) => write(index % 2)));
  await until(async () => (await unsent('relays')) === 0);
  expect(log.published.length).toBe(1_000);
  for (const key of ['key 0', 'key 1', 'key 2']) {
    const values = log.published.filter((published) => published.key === key).map(({ value }) => Number(value));
    expect(values).toEqual(values.toSorted((a, b) => a - b));
  }
});

onPostgres('two relays of one outbox find what one that died has left', async () => {
  const log = new LogInMemory();
  const [dying, living] = [await open('left'), await open('left')];
  relayOf(living, log).relay();
  await dying.transaction((manager) => new Outbox(dying, log, logger).add(manager, [message('key', '1')]));
  await until(() => log.published.length === 1);
});

onPostgres('two relays of one outbox wait for a log that takes longer than a session may stand in a transaction: the rows go once', async () => {
  const log = new SlowLog(6_000);
  const [one, other] = [await open('slow'), await open('slow')];
  const outboxes = [relayOf(one, log), relayOf(other, log)];
  await one.transaction((manager) => outboxes[0]?.add(manager, [message('key', '1')]) ?? Promise.resolve());
  for (const outbox of outboxes) outbox.relay();
  await until(async () => (await unsent('slow')) === 0, 10_000);
  expect(log.published.length).toBe(1);
}, 15_000);

onPostgres('two relays of one outbox do not publish again what the log took while the connection was lost', async () => {
  const log = new SlowLog(1_000);
  const database = await open('cut');
  const outbox = relayOf(database, log);
  await database.transaction((manager) => outbox.add(manager, [message('key', '1')]));
  outbox.relay();
  await pause(500);
  await cutAll('cut');
  await until(async () => (await unsent('cut')) === 0);
  expect(log.published.length).toBe(1);
});

onPostgres('a session that stands still in a transaction is thrown out, and the other instances go on', async () => {
  const [still, other] = [await open('still'), await open('still')];
  const standing = still.transaction(async (manager) => {
    await run(manager, "INSERT INTO outbox (topic, \"key\", headers) VALUES ('t', 'k', '{}')");
    await pause(6_000);
    await run(manager, 'SELECT 1');
  });
  await pause(200);
  const since = performance.now();
  await other.transaction((manager) => run(manager, 'SELECT 1'));
  expect(performance.now() - since).toBeLessThan(5_500);
  await expect(standing).rejects.toThrow();
  expect(await still.transaction((manager) => run(manager, 'SELECT id FROM outbox'))).toEqual([]);
}, 15_000);

onPostgres('connections that end while they are idle are replaced', async () => {
  const database = await open('idle');
  await Promise.all(Array.from({ length: 5 }, () => database.read((manager) => run(manager, 'SELECT pg_sleep(0.1)'))));
  await cutAll('idle');
  await pause(100);
  expect(await database.transaction((manager) => run(manager, 'SELECT 1 AS n'))).toEqual([{ n: 1 }]);
});

const claimsOf = async (database: ServiceDatabase) => {
  const claims = await InstanceClaims.open(database, logger);
  closeLater(() => claims.close());
  const seen = { released: 0, lost: 0, looks: 0 };
  await claims.start({
    release: async () => void (seen.released += 1),
    onLost: () => void (seen.lost += 1),
    onLook: async () => void (seen.looks += 1),
  });
  return { claims, seen };
};
const epochsIn = async (schema: string) => (await ask<{ epoch: number }>(url, `SELECT epoch FROM "${schema}".instance_epoch ORDER BY epoch`)).map(({ epoch }) => epoch);

onPostgres('epochs are new at each start, above those of former versions; one that stops is taken over at once, one that lives is not', async () => {
  const [one, other] = [await claimsOf(await open('epochs')), await claimsOf(await open('epochs'))];
  expect([one.claims.epoch, other.claims.epoch]).toEqual([41, 42]);
  expect(await epochsIn('epochs')).toEqual([41, 42]);
  await one.claims.close();
  expect(one.claims.isSure).toBe(false);
  const { released } = other.seen;
  await until(async () => other.seen.released === released + 1 && (await epochsIn('epochs')).length === 1, 3_000);
  expect([other.claims.isSure, other.seen.lost]).toEqual([true, 0]);
});

onPostgres('epochs whose connection is cut off go on as they are', async () => {
  const [one, other] = [await claimsOf(await open('blip')), await claimsOf(await open('blip'))];
  const { epoch } = one.claims;
  await cutLocks(url, 'blip');
  const looks = one.seen.looks;
  await until(() => one.seen.looks > looks + 1, 6_000);
  expect([one.claims.epoch, one.claims.isSure, one.seen.lost, other.seen.lost]).toEqual([epoch, true, 0, 0]);
  expect(await epochsIn('blip')).toEqual([epoch, other.claims.epoch]);
}, 10_000);

onPostgres('epochs that others have ended are followed by new ones, and what was claimed is forgotten', async () => {
  const { claims, seen } = await claimsOf(await open('ended'));
  const { epoch } = claims;
  await ask(url, 'DELETE FROM ended.instance_epoch');
  await until(() => claims.epoch > epoch);
  expect([seen.lost, claims.isSure]).toEqual([1, true]);
  expect(await epochsIn('ended')).toEqual([claims.epoch]);
});
