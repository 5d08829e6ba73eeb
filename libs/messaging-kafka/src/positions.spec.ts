import { follows, startOf } from './positions.js';

describe('a group begins', () => {
  it.each([
    ['a new group: with the oldest that is kept', -1, { low: 3, high: 9 }, false, { from: 3 }],
    ['where it was', 5, { low: 3, high: 9 }, false, { from: 5 }],
    ['at the end, when it has all', 9, { low: 3, high: 9 }, false, { from: 9 }],
    ['at the end, when retention has emptied the partition behind it', 9, { low: 9, high: 9 }, false, { from: 9 }],
    ['not at all, when its next message was erased', 2, { low: 3, high: 9 }, false, { gone: 'its position 2 is gone, what is below 3 has been erased' }],
    ['with the oldest, when compaction took its next message', 2, { low: 3, high: 9 }, true, { from: 3 }],
    ['not at all, when kafkajs has begun elsewhere before', -2, { low: 0, high: 9 }, false, { gone: 'its position is gone, and messages were skipped' }],
    ['not at all, beyond the end', 10, { low: 0, high: 9 }, false, { gone: 'its position 10 is beyond the end 9: this is another log' }],
    ['not at all, beyond the end of a compacted topic', 10, { low: 0, high: 9 }, true, { gone: 'its position 10 is beyond the end 9: this is another log' }],
  ])('%s', (_, committed, bounds, isCompacted, expected) => expect(startOf(committed, bounds, isCompacted)).toEqual(expected));
});

describe('after reading from 100 up to 200, a batch', () => {
  it.each([
    ['that begins there follows', { first: 200, high: 210 }, 'yes'],
    ['that begins later leaves a gap', { first: 203, high: 210 }, 'gap'],
    ['that begins earlier, but not before 100, repeats', { first: 150, high: 210 }, 'repeats'],
    ['that begins before 100 is of another log', { first: 0, high: 210 }, 'replaced'],
    ['of a log that ends before 200 is of another log', { first: 100, high: 150 }, 'replaced'],
  ] as const)('%s', (_, batch, expected) => expect(follows(batch, 200, 100)).toBe(expected));
});
