/** A part that has been due for so long has waited long. */
export const agedAfterMs = 60_000;
/** Of what a connector takes, so much goes to parts that waited long behind more urgent ones. */
export const agedShare = 0.1;

/**
 * Nothing waits for ever: one turn in ten goes to the oldest of the less urgent parts that waited long. A share, and no priority that grows with age:
 * after some time in a long queue everything would be old, and nothing urgent any more.
 */
export class AgedTurns {
  private owed = 0;

  /** How many of the next `partsMax` parts they may be. */
  of(partsMax: number): number {
    this.owed += partsMax * agedShare;
    // Ten times 0.1 is a little less than 1.
    const turns = Math.floor(this.owed + 1e-9);
    this.owed -= turns;
    return turns;
  }
}
