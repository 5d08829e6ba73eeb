const minuteMs = 60 * 1_000;
const firstMs = 10 * 1_000;
const longestMs = 15 * minuteMs;

/** After a day an alert that cannot be sent has failed: the number of credits that it tells is old by then. */
export const giveUpAfterMs = 24 * 60 * minuteMs;

/** 10 s, doubled with each failed attempt up to 15 min, ±20 % by `random` (0 to 1). */
export const retryDelayMs = (attempts: number, random: number): number =>
  Math.round(Math.min(firstMs * 2 ** (attempts - 1), longestMs) * (0.8 + 0.4 * random));
