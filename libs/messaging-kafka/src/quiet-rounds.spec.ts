import { QuietRounds } from './quiet-rounds.js';

/** A fetch that the broker answers with nothing. */
const empty = (rounds: QuietRounds, node: number, atMs: number): number | undefined => {
  const since = rounds.begin(node, atMs);
  rounds.hasAnswered();
  return since;
};

it('two whole rounds with nothing are quiet, since the first of them began', () => {
  const rounds = new QuietRounds();
  expect([empty(rounds, 1, 10), empty(rounds, 1, 20), empty(rounds, 1, 30), empty(rounds, 1, 40)]).toEqual([undefined, undefined, 10, 10]);
});

it('what comes breaks the quiet', () => {
  const rounds = new QuietRounds();
  for (const atMs of [10, 20, 30]) empty(rounds, 1, atMs);
  rounds.hasHeard();
  expect([empty(rounds, 1, 40), empty(rounds, 1, 50), empty(rounds, 1, 60)]).toEqual([undefined, undefined, 40]);
});

it('a fetch that the broker did not answer tells nothing', () => {
  const rounds = new QuietRounds();
  empty(rounds, 1, 10);
  rounds.begin(1, 20);
  expect([empty(rounds, 1, 30), empty(rounds, 1, 40), empty(rounds, 1, 50)]).toEqual([undefined, undefined, 30]);
});

it('of several brokers the last to fall quiet counts', () => {
  const rounds = new QuietRounds();
  empty(rounds, 1, 10);
  empty(rounds, 2, 12);
  empty(rounds, 1, 20);
  empty(rounds, 1, 30);
  expect(empty(rounds, 2, 32)).toBeUndefined();
  expect(empty(rounds, 2, 42)).toBe(12);
});
