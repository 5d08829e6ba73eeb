import { priority } from '@kwota/contracts/fields';
import { priorities, priorityFlags, priorityOf, rankOf } from './priorities.js';

it.each([
  ['high', 0, 3],
  ['medium', 1, 2],
  ['low', 2, 1],
  ['veryLow', 3, 0],
] as const)('%s has turn %i and priority_flag %i', (name, rank, flag) => {
  expect([rankOf(name), priorityOf(rank), priorityFlags[name]]).toEqual([rank, name, flag]);
});

it('no priority named is as urgent as any', () => expect(rankOf(undefined)).toBe(rankOf('high')));

it('there are those of the contract and no other', () => expect([...priorities].sort()).toEqual([...priority.options].sort()));
