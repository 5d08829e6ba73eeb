import { pauseCarrier } from '@kwota/contracts/carrier.requests.v1';
import type { AcceptedSubmission } from '@kwota/contracts/accepted.v1';
import { agedAfterMs } from '../src/submit-parts/aged-turns.js';
import { closeAll, messageTo, simulate, startCarrier, until } from './carrier-under-test.js';

afterEach(closeAll);

const receivers = (name: string, count: number) => Array.from({ length: count }, (_, index) => `+336${name}${index + 100}`);
const [lows, highs] = [receivers('1111', 40), receivers('2222', 40)];
/** One submit_sm at a time: what it submits is in the order in which it took it. */
const start = async () => {
  const smsc = await simulate();
  const carrier = await startCarrier(smsc.url, { windowSize: 1 });
  const pauseAll = (paused: boolean) => carrier.ask(pauseCarrier, { paused });
  const accept = async (...messages: readonly AcceptedSubmission[]) => {
    await carrier.accept(...messages);
    await carrier.messaging.drain();
  };
  const submitted = () => smsc.submissions.all().map(({ receiver }) => `+${receiver}`);
  return { smsc, carrier, pauseAll, accept, submitted };
};

it('of what waits the more urgent goes first, and says so to the SMSC unless its connector does not', async () => {
  const { smsc, carrier, pauseAll, accept, submitted } = await start();
  await pauseAll(true);
  const to = ['+33611112201', '+33611112202', '+33611112203', '+33611112204', '+33611112205'] as const;
  await accept(messageTo([to[0]], { priority: 'veryLow' }), messageTo([to[1]], { priority: 'low' }), messageTo([to[2]], { priority: 'medium' }), messageTo([to[3]]), messageTo([to[4]], { priority: 'high' }));
  await pauseAll(false);
  await until(() => smsc.submissions.total === 5);
  expect(submitted()).toEqual([to[3], to[4], to[2], to[1], to[0]]);
  expect(smsc.submissions.all().map(({ priorityFlag }) => priorityFlag)).toEqual([3, 3, 2, 1, 0]);
  await carrier.set('default', { priorityFlag: 'none' });
  await accept(messageTo(['+33611112206'], { priority: 'high' }));
  await until(() => smsc.submissions.total === 6);
  expect(smsc.submissions.all().at(-1)?.priorityFlag).toBe(0);
});

it('at a throttled connector a high message overtakes low ones that wait already', async () => {
  const { smsc, carrier, pauseAll, accept, submitted } = await start();
  await carrier.set('default', { submitsPerSecondMax: 50 });
  await accept(messageTo(lows, { priority: 'low' }));
  await until(() => smsc.submissions.total >= 3);
  await pauseAll(true);
  await accept(messageTo(['+33622222222'], { priority: 'high' }));
  const before = smsc.submissions.total;
  await pauseAll(false);
  await until(() => smsc.submissions.total === lows.length + 1);
  // One was taken before.
  expect(submitted().indexOf('+33622222222')).toBeLessThanOrEqual(before + 1);
  expect(new Set(submitted())).toEqual(new Set([...lows, '+33622222222']));
});

it('a low message that waited long goes within ten turns, however many high ones there are', async () => {
  const { smsc, pauseAll, accept, submitted } = await start();
  await pauseAll(true);
  const acceptedAtMs = Date.now() - agedAfterMs;
  await accept(messageTo(['+33611111111'], { priority: 'veryLow', acceptedAtMs }), messageTo(['+33611111112'], { priority: 'low' }), messageTo(highs, { priority: 'high' }));
  await pauseAll(false);
  await until(() => smsc.submissions.total === highs.length + 2);
  expect(submitted().indexOf('+33611111111')).toBeLessThan(10);
  expect(submitted().at(-1)).toBe('+33611111112');
});
