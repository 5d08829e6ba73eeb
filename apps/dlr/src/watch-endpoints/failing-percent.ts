// When an endpoint that takes nothing is told of, and when it is switched off. Pure.

const dayMs = 24 * 60 * 60 * 1_000;
/** An endpoint that takes nothing for so long is switched off. */
export const switchOffAfterMs = 5 * dayMs;
/** Its owner is told at these shares of it. */
export const toldPercents = [50, 70, 90, 100] as const;
export type ToldPercent = (typeof toldPercents)[number];

/** From its first failure to its last: an endpoint of which nobody wants anything does not fail. */
export const failingPercent = ({ failingSinceMs, lastFailureAtMs }: Readonly<{ failingSinceMs: number; lastFailureAtMs: number }>): number =>
  Math.min(100, Math.floor(((lastFailureAtMs - failingSinceMs) / switchOffAfterMs) * 100));

/** The highest that is reached and not told yet: after a pause of ours not all of them at once. */
export const percentToTell = (percent: number, toldPercent: number): ToldPercent | undefined =>
  toldPercents.findLast((one) => one <= percent && one > toldPercent);
