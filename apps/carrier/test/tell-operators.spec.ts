import { closeAll, messageTo, simulate, startCarrier, until } from './carrier-under-test.js';
import { WatchConnectorsWorker } from '../src/tell-operators/watch-connectors.worker.js';

afterEach(closeAll);

it('a connector that is not bound is told of once, and again when it is lost anew', async () => {
  const simulator = await simulate();
  const carrier = await startCarrier(simulator.url);
  const watcher = carrier.app.get(WatchConnectorsWorker);
  const bound = () => until(() => carrier.health.look().parts['smsc']?.warnings?.length === 0);
  const away = () => until(() => carrier.health.look().parts['smsc']?.warnings?.length === 1);
  await bound();
  await watcher.look(0);
  await carrier.set('second', {}, { url: 'smpp://kwota:secret@127.0.0.1:1', paused: true });
  await watcher.look(0);
  expect(carrier.told).toEqual([]);
  const beforeMs = Date.now();
  await carrier.set('second', {}, { paused: false });
  await until(async () => {
    await watcher.look(0);
    return carrier.told.length > 0;
  });
  for (let looks = 0; looks < 3; looks += 1) await watcher.look(0);
  expect(carrier.told).toMatchObject([{ type: 'ConnectorDown', connector: 'second' }]);
  expect(carrier.told[0]?.atMs).toBeGreaterThanOrEqual(beforeMs);
  expect(JSON.stringify(carrier.told)).not.toContain('secret');
  await carrier.set('second', {}, { paused: true });
  await watcher.look(0);
  await carrier.set('second', {}, { paused: false });
  await away();
  await watcher.look(0);
  await until(() => carrier.told.length === 2);
});

it('a connector that is away for a moment is no news', async () => {
  const carrier = await startCarrier('smpp://kwota:secret@127.0.0.1:1');
  await carrier.app.get(WatchConnectorsWorker).look(60_000);
  expect(carrier.told).toEqual([]);
});

it('a code that is not known is told once in an hour, however many receipts bear it', async () => {
  const simulator = await simulate();
  const carrier = await startCarrier(simulator.url);
  const send = async (receiver: string) => {
    const before = carrier.reported.filter(({ stage }) => stage === 'receipt').length;
    await carrier.accept(messageTo([receiver]));
    await until(() => carrier.reported.filter(({ stage }) => stage === 'receipt').length === before + 1);
  };
  for (const receiver of ['+33600000777', '+33611000777', '+33600000004', '+33600000778']) await send(receiver);
  await until(() => carrier.told.length === 2);
  expect(carrier.told).toMatchObject([
    { type: 'CodeUnrecognised', connector: 'default', stage: 'receipt', err: '777' },
    { type: 'CodeUnrecognised', connector: 'default', stage: 'receipt', err: '778' },
  ]);
});
