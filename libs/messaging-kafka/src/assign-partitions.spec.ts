import { assignPartitions, type Claimant } from './assign-partitions.js';

const three = ['accepted', 'credit', 'receipts'];
const counts = new Map([...three, 'submissions'].map((topic) => [topic, 8]));

const member = (id: string, had: readonly number[] = [], topics: readonly string[] = three): Claimant => ({ id, topics, had });
/** Each member's numbers, which must be the same of each topic that it has. */
const sharesOf = (members: readonly Claimant[]): Record<string, number[]> =>
  Object.fromEntries(
    [...assignPartitions(members, counts)].map(([id, share]) => {
      const all = [...share.values()];
      for (const numbers of all) expect(numbers).toEqual(all[0]);
      return [id, all[0] ?? []];
    }),
  );

describe('partitions of three topics', () => {
  it.each<[string, Claimant[], Record<string, number[]>]>([
    ['one member has all', [member('a')], { a: [0, 1, 2, 3, 4, 5, 6, 7] }],
    ['two begin together: half each', [member('a'), member('b')], { a: [0, 1, 2, 3], b: [4, 5, 6, 7] }],
    ['three begin together: none has more than one more', [member('a'), member('b'), member('c')], { a: [0, 1, 2], b: [3, 4, 5], c: [6, 7] }],
    ['a second comes: the first keeps what it may', [member('a', [0, 1, 2, 3, 4, 5, 6, 7]), member('b')], { a: [0, 1, 2, 3], b: [4, 5, 6, 7] }],
    ['a third comes: two numbers move', [member('a', [0, 1, 2, 3]), member('b', [4, 5, 6, 7]), member('c')], { a: [0, 1, 2], b: [4, 5, 6], c: [3, 7] }],
    ['one of three goes: nobody loses anything', [member('a', [0, 1, 2]), member('c', [3, 7])], { a: [0, 1, 2, 4], c: [3, 5, 6, 7] }],
    ['nothing changes: everybody keeps all', [member('a', [5, 6, 7]), member('b', [0, 1]), member('c', [2, 3, 4])], { a: [5, 6, 7], b: [0, 1], c: [2, 3, 4] }],
    ['two claim the same: the first by name has it', [member('b', [0, 1, 2, 3]), member('a', [0, 1, 2, 3])], { a: [0, 1, 2, 3], b: [4, 5, 6, 7] }],
    ['what does not exist is not claimed', [member('a', [0, 99])], { a: [0, 1, 2, 3, 4, 5, 6, 7] }],
    ['more members than partitions: some have none', Array.from({ length: 9 }, (_, index) => member(`m${index}`)), { m0: [0], m1: [1], m2: [2], m3: [3], m4: [4], m5: [5], m6: [6], m7: [7], m8: [] }],
  ])('%s', (_, members, expected) => {
    expect(sharesOf(members)).toEqual(expected);
    expect(sharesOf(members.toReversed())).toEqual(expected);
  });
});

it('of an upgrade that consumes a topic more, the new have all: the old could handle only a part of an account', () => {
  const old = member('a', [0, 1, 2, 3, 4, 5, 6, 7]);
  const shares = assignPartitions([old, member('b', [], [...three, 'submissions']), member('c', [], [...three, 'submissions'])], counts);
  expect(shares.get('a')).toEqual(new Map());
  for (const topic of [...three, 'submissions']) expect([shares.get('b')?.get(topic), shares.get('c')?.get(topic)]).toEqual([[0, 1, 2, 3], [4, 5, 6, 7]]);
});

it('where nobody consumes all topics each topic has somebody all the same', () => {
  const shares = assignPartitions([member('a', [], ['accepted', 'credit']), member('b', [], ['credit', 'receipts'])], counts);
  const all = [0, 1, 2, 3, 4, 5, 6, 7];
  expect(shares).toEqual(new Map([['a', new Map([['accepted', all], ['credit', all]])], ['b', new Map([['receipts', all]])]]));
});

it('a topic that is not there is nobody’s', () => {
  expect(assignPartitions([member('a', [], ['nowhere'])], counts)).toEqual(new Map([['a', new Map()]]));
});
