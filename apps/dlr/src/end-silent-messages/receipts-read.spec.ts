import { ReceiptsRead } from './receipts-read.js';

const read = (): ReceiptsRead => new ReceiptsRead(0);

it('after the start nothing is known for half a minute', () => {
  expect(read().toTheEnd(29_999)).toBe(false);
  expect(read().toTheEnd(30_000)).toBe(true);
});

it('while what is read is old, there is more', () => {
  const receipts = read();
  receipts.ended({ partition: 1, timestampMs: 10_000 }, 100_000);
  expect(receipts.toTheEnd(100_100)).toBe(false);
  receipts.ended({ partition: 1, timestampMs: 95_000 }, 101_000);
  expect(receipts.toTheEnd(101_100)).toBe(true);
});

it('old receipts with nothing behind them for half a minute were the end', () => {
  const receipts = read();
  receipts.ended({ partition: 1, timestampMs: 10_000 }, 100_000);
  expect(receipts.toTheEnd(130_000)).toBe(true);
});

it('a batch under way, or one that fails again and again, is not the end', () => {
  const receipts = read();
  receipts.ended({ partition: 1, timestampMs: 99_000 }, 100_000);
  receipts.began(2);
  expect(receipts.toTheEnd(200_000)).toBe(false);
});

it('of a partition that another instance read until now nothing is known for half a minute; of a lost one nothing needs to be', () => {
  const receipts = new ReceiptsRead(0, () => 200_000);
  receipts.began(1);
  receipts.lost(new Set([1]));
  expect(receipts.toTheEnd(200_000)).toBe(true);
  receipts.gained(new Set([2]));
  expect([receipts.toTheEnd(229_999), receipts.toTheEnd(230_000)]).toEqual([false, true]);
});
