import { agedShare, AgedTurns } from './aged-turns.js';

const turnsOf = (partsMax: number, claims: number): number[] => {
  const aged = new AgedTurns();
  return Array.from({ length: claims }, () => aged.of(partsMax));
};

it('one turn in ten is for what waited long, also where each claim is of one part', () => {
  expect(turnsOf(1, 20)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(turnsOf(100, 3)).toEqual([10, 10, 10]);
});

it.each([3, 7, 15, 9_999])('claims of %i parts give it its share in the long run', (partsMax) => {
  const given = turnsOf(partsMax, 1_000).reduce((sum, turns) => sum + turns, 0);
  expect(Math.abs(given - partsMax * 1_000 * agedShare)).toBeLessThanOrEqual(1);
});
