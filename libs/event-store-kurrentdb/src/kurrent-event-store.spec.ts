import { eventStoreConformance } from '@kwota/event-store/conformance';
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

eventStoreConformance('KurrentEventStore', (place) => KurrentEventStore.open({ url: double.url, space: place.replaceAll('-', '_') }));
eventStoreConformance('KurrentEventStore on a server without batch append', (place) =>
  KurrentEventStore.open({ url: older.url, space: place.replaceAll('-', '_') }),
);
