import { AppendFailed } from '@kwota/event-store';
import { eventStoreConformance, type DiskFaults } from '@kwota/event-store/conformance';
import { KurrentDouble } from './double/kurrent-double.js';
import { KurrentEventStore } from './kurrent-event-store.js';

/** The slowest takes two seconds, half of it the double's; this is for a machine that others use, too. */
import.meta.jest.setTimeout(30_000);

const double = await KurrentDouble.start();
const older = await KurrentDouble.start({ hasBatchAppend: false });
afterAll(async () => {
  await double.stop();
  await older.stop();
});

const spaceOf = (place: string): string => place.replaceAll('-', '_');
/** What a disk does to a server is the server's to mend: here is what its clients see of it. */
const faultsOf = ({ faults }: KurrentDouble): DiskFaults => ({
  fill: async () => {
    faults.isFull = true;
    return async () => void (faults.isFull = false);
  },
  tear: async (place, append) => {
    faults.next('truncate after the write', '-a');
    await expect(append()).rejects.toThrow(AppendFailed);
    return place;
  },
});

eventStoreConformance('KurrentEventStore', (place) => KurrentEventStore.open({ url: double.url, space: spaceOf(place) }), faultsOf(double));
eventStoreConformance(
  'KurrentEventStore on a server without batch append',
  (place) => KurrentEventStore.open({ url: older.url, space: spaceOf(place) }),
  faultsOf(older),
);
