import { partitionOf } from './partition-of.js';

it.each([
  ['sms-kw00001-1', 4],
  ['sms-kw00002-1', 5],
  ['', 5],
  ['é', 4],
])('the key %p lies in partition %i of 8, in every process and version: its messages are there', (key, partition) => {
  expect(partitionOf(key, 8)).toBe(partition);
});

it('what stands behind the bar does not count: a user lies with its account', () => {
  for (const account of ['sms-kw00001-1', 'a', 'sms-xy12345-9']) expect(partitionOf(`${account}|user:7f3a`, 8)).toBe(partitionOf(account, 8));
});

it('accounts spread over all partitions', () => {
  const counts = new Array<number>(8).fill(0);
  for (let index = 0; index < 8_000; index += 1) counts[partitionOf(`sms-kw${String(index).padStart(5, '0')}-1`, 8)]! += 1;
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(200);
});
