import { DeadEpochs } from './dead-epochs.js';

const free = (epoch: number) => ({ epoch, ended: false });
/** Looks two seconds apart; what is free at each. With a grace of five seconds. */
const look = (looks: readonly (readonly { epoch: number; ended: boolean }[])[], dead = new DeadEpochs(5_000, 2_000), fromMs = 0): number[][] =>
  looks.map((found, index) => dead.among(found, fromMs + index * 2_000));

it('an epoch is dead when it was free at every look for the grace', () => {
  expect(look([[], [free(7)], [free(7)], [free(7)], [free(7)]])).toEqual([[], [], [], [], [7]]);
});

it('one that was held at a look has all its time again', () => {
  expect(look([[free(7)], [free(7)], [], [free(7)], [free(7)], [free(7)], [free(7)]]).flat()).toEqual([7]);
});

it('one whose instance has said that it stops is dead at once', () => {
  expect(look([[free(7), { epoch: 8, ended: true }]])).toEqual([[8]]);
});

it('a look that comes late, or after one that failed, starts over', () => {
  const dead = new DeadEpochs(5_000, 2_000);
  expect(look([[free(7)], [free(7)]], dead)).toEqual([[], []]);
  expect(look([[free(7)], [free(7)]], dead, 20_000)).toEqual([[], []]);
  dead.startOver();
  expect(look([[free(7)], [free(7)], [free(7)]], dead, 24_000)).toEqual([[], [], []]);
});
