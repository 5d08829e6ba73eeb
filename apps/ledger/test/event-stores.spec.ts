// The ledger over the stores that KWOTA_EVENT_STORE_URL names; PostgreSQL's needs a server and is in tools/end-to-end.
import { createLogger } from '@kwota/service-kit/logger';
import { join } from 'node:path';
import { openEventStore } from '../src/ledger.module.js';
import { aSubmission, closeAll, openedWith, openMessaging, startLedger, temporaryFolder, until } from './ledger-under-test.js';

// As the module loads it: Nx takes no other import of it here.
const { KurrentDouble } = await import('@kwota/event-store-kurrentdb/double');
afterEach(closeAll);

describe('KWOTA_EVENT_STORE_URL', () => {
  const open = (url: string | undefined) => openEventStore(url, join(temporaryFolder(), 'events.db'), createLogger('test', 'error'));

  it.each([undefined, '', 'sqlite:'])('%j is the file in the data folder', async (url) => {
    const store = await open(url);
    expect(store.constructor.name).toBe('SqliteEventStore');
    await store.close();
  });

  it.each(['kurrentdb://', 'esdb://'])('%s is KurrentDB', async (scheme) => {
    const double = await KurrentDouble.start();
    const store = await open(double.url.replace('kurrentdb://', scheme));
    expect(store.constructor.name).toBe('KurrentEventStore');
    await store.close();
    await double.stop();
  });

  it('of another kind is refused by its scheme alone', async () => expect(open('mysql://kwota:hunter2@db')).rejects.toThrow(/^KWOTA_EVENT_STORE_URL: mysql is not supported/));
});

describe('a ledger on KurrentDB', () => {
  it('has after a restart the balances, holds and outcomes of before, though the server failed in between', async () => {
    const double = await KurrentDouble.start();
    const [messaging, eventStoreUrl] = [await openMessaging(), double.url];
    const before = await startLedger({ messaging, eventStoreUrl });
    await openedWith(10, before);
    const submission = aSubmission({ messageIds: [7, 8] });
    const answer = await before.send(submission);
    double.faults.next('time out after the write');
    const later = aSubmission({ messageIds: [9] });
    // The append's fate is unknown: the ledger reads its stream again, and the submission comes again.
    const laterAnswer = await before.send(later);
    await before.deliver({ messageId: 7 });
    await until(() => before.facts.some(({ type }) => type === 'CreditsCaptured'));
    const shown = await before.show();
    await before.stop();
    const after = await startLedger({ messaging, eventStoreUrl });
    expect(await after.show()).toEqual(shown);
    expect([await after.send(submission), await after.send(later)]).toEqual([answer, laterAnswer]);
    expect(await after.show()).toEqual(shown);
    await after.stop();
    await double.stop();
  });
});
