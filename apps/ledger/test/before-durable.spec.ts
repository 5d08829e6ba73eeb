// The ledger decides while the log waits for its disk: nothing that it decided may outlive the command it was decided on.
import { jest } from '@jest/globals';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { GroupSyncedDatabase } from '@kwota/service-kit/sqlite';
import { join } from 'node:path';
import { LedgerWriter } from '../src/credit-accounts/ledger-writer.js';
import { closeAll, openedWith, startLedger, temporaryFolder, until } from './ledger-under-test.js';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const eventsIn = async (path: string): Promise<number> => {
  const reader = await SqliteEventStore.openReadOnly({ path });
  let events = 0;
  for await (const { stream } of reader.readAll()) if (stream.startsWith('credit-')) events += 1;
  await reader.close();
  return events;
};

it('a submission is decided while the disk works; its event is written, and answered, when the log has the submission', async () => {
  const messaging = await EmbeddedMessaging.open({ path: join(temporaryFolder(), 'log.db') });
  const ledger = await startLedger({ messaging });
  await openedWith(10, ledger);
  await until(async () => (await ledger.show()).outcome === 'done');
  const before = await eventsIn(ledger.eventsFile);

  let end = (): void => undefined;
  const decided = jest.spyOn(LedgerWriter.prototype, 'hold');
  const appended = jest.spyOn(SqliteEventStore.prototype, 'append');
  jest.spyOn(GroupSyncedDatabase.prototype, 'synced').mockImplementationOnce(() => new Promise((resolve) => (end = resolve)));
  let reply: unknown;
  const sent = ledger.send({ messageIds: [7] }).then((answer) => (reply = answer));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([decided.mock.calls.length, appended.mock.calls.length, reply, await eventsIn(ledger.eventsFile)]).toEqual([1, 0, undefined, before]);
  end();
  await sent;
  expect(reply).toMatchObject({ outcome: 'accepted', leftMilliCredits: 9_000 });
  expect(await eventsIn(ledger.eventsFile)).toBe(before + 1);
  await ledger.stop();
  await messaging.close();
});
