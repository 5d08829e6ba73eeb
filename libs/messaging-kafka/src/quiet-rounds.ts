/** A broker may answer one fetch with an error that kafkajs turns into "nothing"; twice in a row it would have told otherwise. */
const roundsNeeded = 2;

type Node = { startedMs: number; answersBefore: number; heardBefore: number; quietRounds: number; quietSinceMs: number };

/**
 * Knows when a consumer has fetched all that there is: every broker has answered whole rounds with nothing. kafkajs tells no more of an empty
 * fetch than that it was made.
 */
export class QuietRounds {
  private readonly nodes = new Map<number | string, Node>();
  private answers = 0;
  private heard = 0;

  /** A fetch begins; the one before it has been worked off. Gives since when nothing has come, where that is known. */
  begin(node: number | string, nowMs: number): number | undefined {
    const { answers, heard } = this;
    const before = this.nodes.get(node);
    const wasQuiet = before !== undefined && before.heardBefore === heard && answers > before.answersBefore;
    const quietRounds = wasQuiet ? before.quietRounds + 1 : 0;
    const quietSinceMs = quietRounds > 1 ? (before as Node).quietSinceMs : (before?.startedMs ?? nowMs);
    this.nodes.set(node, { startedMs: nowMs, answersBefore: answers, heardBefore: heard, quietRounds, quietSinceMs });
    const all = [...this.nodes.values()];
    if (all.some((one) => one.quietRounds < roundsNeeded || one.heardBefore !== heard)) return undefined;
    return Math.max(...all.map((one) => one.quietSinceMs));
  }

  /** A broker has answered a fetch. */
  hasAnswered(): void {
    this.answers += 1;
  }

  /** Something came, or the partitions are others now. */
  hasHeard(): void {
    this.heard += 1;
  }
}
