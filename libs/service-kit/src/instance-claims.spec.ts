import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ServiceDatabase } from './database.js';
import { createEpochTable } from './epoch-lock.js';
import { InstanceClaims } from './instance-claims.js';
import { createLogger } from './logger.js';
import { run } from './sql.js';

class CreateEpochs1796000000000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return createEpochTable(runner, 7);
  }
  down(runner: QueryRunner): Promise<void> {
    return runner.dropTable('instance_epoch');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'kwota-claims-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A start of the service; what it finds in instance_epoch as it releases claims. */
const start = async () => {
  const database = await ServiceDatabase.open({ location: join(folder, 'claims.db'), schema: 'test', entities: [], migrations: [CreateEpochs1796000000000] });
  const claims = await InstanceClaims.open(database, createLogger('test', 'error'));
  let living: unknown[] = [];
  await claims.start({
    release: async (manager) => void (living = await run(manager, 'SELECT epoch FROM instance_epoch')),
    onLost: () => undefined,
    onLook: () => Promise.reject(new Error('nobody else can be there')),
  });
  return { claims, living, isSure: claims.isSure, stop: () => claims.close().then(() => database.close()) };
};

it('on SQLite each start has a new epoch, above those of former versions, and ends all earlier ones at once', async () => {
  const first = await start();
  expect([first.claims.epoch, first.living, first.isSure]).toEqual([8, [{ epoch: 8 }], true]);
  await first.stop();
  const second = await start();
  expect([second.claims.epoch, second.living, second.isSure]).toEqual([9, [{ epoch: 9 }], true]);
  await second.stop();
});
