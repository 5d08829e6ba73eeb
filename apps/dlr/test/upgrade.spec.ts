import { ServiceDatabase } from '@kwota/service-kit/database';
import { outboxEntity } from '@kwota/service-kit/outbox';
import { run } from '@kwota/service-kit/sql';
import { join } from 'node:path';
import { CreateDlrTables1795000000000 } from '../src/dlr.migrations.js';
import { callbackState } from '../src/send-callbacks/callback-queue.repository.js';
import { closeAll, startDlr, startEndpoint, temporaryFolder, until } from './dlr-under-test.js';

afterEach(closeAll);

it('what a version without epochs of instances had in memory is called by this one', async () => {
  const location = join(temporaryFolder(), 'dlr.db');
  const endpoint = await startEndpoint();
  const before = await ServiceDatabase.open({ location, schema: 'dlr', entities: [outboxEntity], migrations: [CreateDlrTables1795000000000] });
  await before.transaction((manager) =>
    run(
      manager,
      `INSERT INTO callback ("messageId", sequence, origin, url, ptt, dlr, final, "atMs", state, "nextAttemptAtMs", attempts)
       VALUES (70001, 1, ?, ?, 4, 1, 1, 0, ${callbackState.taken}, 0, '[]')`,
      [new URL(endpoint.url).origin, endpoint.url],
    ),
  );
  await before.close();

  await startDlr({}, location);
  await until(() => endpoint.called.length === 1);
  expect(endpoint.called[0]?.query).toMatchObject({ id: '70001', ptt: '4' });
});
