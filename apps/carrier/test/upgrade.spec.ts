import { ServiceDatabase } from '@kwota/service-kit/database';
import { outboxEntity } from '@kwota/service-kit/outbox';
import { run } from '@kwota/service-kit/sql';
import { join } from 'node:path';
import { CreateCarrierTables1795000000000 } from '../src/carrier.migrations.js';
import { PartsRepository } from '../src/parts.repository.js';
import { closeAll, simulate, startCarrier, temporaryFolder, until } from './carrier-under-test.js';

afterEach(closeAll);

it('what a version without epochs of instances had claimed is sent by this one, and what it had queued', async () => {
  const location = join(temporaryFolder(), 'carrier.db');
  const before = await ServiceDatabase.open({ location, schema: 'carrier', entities: [outboxEntity], migrations: [CreateCarrierTables1795000000000] });
  const part = (messageId: number) => ({
    messageId,
    part: 1,
    parts: 1,
    account: 'sms-kw00001-1',
    receiver: '+33600000004',
    sender: 'KWOTA',
    text: 'Your parcel is at the door.',
    coding: '7bit' as const,
    messageClass: null,
    dueAtMs: 0,
    validUntilMs: Date.now() + 60_000,
    connector: '',
  });
  await before.transaction(async (manager) => {
    await run(manager, 'INSERT INTO carrier_epoch (one, epoch) VALUES (1, 3)');
    await new PartsRepository().add(manager, [part(1), part(2)], 3);
    await new PartsRepository().add(manager, [part(3)]);
    await run(manager, 'UPDATE part SET connector = NULL');
  });
  await before.close();

  const simulator = await simulate();
  const carrier = await startCarrier(simulator.url, {}, location);
  await until(() => carrier.reported.length === 6);
  expect(simulator.submissions.total).toBe(3);
});
