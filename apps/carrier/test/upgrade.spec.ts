import { ServiceDatabase } from '@kwota/service-kit/database';
import { outboxEntity } from '@kwota/service-kit/outbox';
import { run } from '@kwota/service-kit/sql';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { CreateCarrierTables1795000000000 } from '../src/carrier.migrations.js';
import { closeAll, simulate, startCarrier, temporaryFolder, until } from './carrier-under-test.js';

afterEach(closeAll);

it('what a version without epochs of instances had claimed is sent by this one, and what it had queued', async () => {
  const location = join(temporaryFolder(), 'carrier.db');
  const before = await ServiceDatabase.open({ location, schema: 'carrier', entities: [outboxEntity], migrations: [CreateCarrierTables1795000000000] });
  const queued = 0;
  const claimed = 1;
  /** As that version wrote it: whatever it queued was for its only SMSC. */
  const add = (manager: EntityManager, messageId: number, state: number, epoch: number) =>
    run(
      manager,
      `INSERT INTO part ("messageId", part, parts, account, receiver, sender, text, coding, "dueAtMs", "validUntilMs", state, epoch, attempts)
       VALUES (?, 1, 1, 'sms-kw00001-1', '+33600000004', 'KWOTA', 'Your parcel is at the door.', '7bit', 0, ?, ?, ?, 0)`,
      [messageId, Date.now() + 60_000, state, epoch],
    );
  await before.transaction(async (manager) => {
    await run(manager, 'INSERT INTO carrier_epoch (one, epoch) VALUES (1, 3)');
    await add(manager, 1, claimed, 3);
    await add(manager, 2, claimed, 3);
    await add(manager, 3, queued, 0);
  });
  await before.close();

  const simulator = await simulate();
  const carrier = await startCarrier(simulator.url, {}, location);
  await until(() => carrier.reported.length === 6);
  expect(simulator.submissions.total).toBe(3);
});
