/** Milli-credits as people see them: floored to two decimals, no trailing zeros (OVH.md 9). */
export const shownCredits = (milliCredits: number): number => Math.floor(milliCredits / 10) / 100;

/** Credits as people give them, to milli-credits; undefined for more than three decimals, or what is no amount. */
export const milliCreditsOf = (credits: number): number | undefined => {
  const milliCredits = Math.round(credits * 1_000);
  if (!Number.isSafeInteger(milliCredits) || Math.abs(milliCredits / 1_000 - credits) > Number.EPSILON * Math.abs(credits)) return undefined;
  return milliCredits;
};
