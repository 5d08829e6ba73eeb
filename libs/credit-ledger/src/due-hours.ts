const hourMs = 60 * 60 * 1_000;

/** Open holds are filed by the hour in which they are due. */
export const dueHourOf = (settleByMs: number): number => Math.floor(settleByMs / hourMs);
