/** Turns of the event loop. Where it has nothing else to do one takes some microseconds. */
const turnsMax = 8;
/** A turn in which much is done takes long, and who published first waits for no more of them. */
const gatheringMsMax = 2;

export type GatherOptions = Readonly<{
  /** Monotonic. */
  nowMs?: () => number;
  /** Resolves in the event loop's next turn. */
  turn?: () => Promise<void>;
}>;

/**
 * To be awaited before what waits is taken as one commit, or one request to the broker: who is served in the next turns of the event loop comes along. Without it whoever publishes first
 * leaves alone, those behind in many small groups, and each group costs as much as a large one. No timer: a loop with nothing to do has gone round at once.
 */
export const gather = async ({ nowMs = () => performance.now(), turn = nextTurn }: GatherOptions = {}): Promise<void> => {
  const endMs = nowMs() + gatheringMsMax;
  for (let turns = 0; turns < turnsMax && nowMs() < endMs; turns += 1) await turn();
};

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
