// Where a group begins on a partition, and whether what comes next follows on what it has: pure, so that tables can test it.

/** `low`: the oldest offset that is kept; `high`: the one that the next message will get. */
export type LogBounds = Readonly<{ low: number; high: number }>;

/** As the broker tells it: -1 where a group has no position. */
export const none = -1;

/**
 * What kafkajs writes in place of a position that is out of the log's bounds, before it begins elsewhere without a word. Whoever finds it knows that
 * messages were skipped.
 */
const skipped = -2;

export type Start = Readonly<{ from: number }> | Readonly<{ gone: string }>;

export const startOf = (committed: number, { low, high }: LogBounds, isCompacted: boolean): Start => {
  if (committed === none) return { from: low };
  if (committed === skipped) return { gone: 'its position is gone, and messages were skipped' };
  if (committed > high) return { gone: `its position ${committed} is beyond the end ${high}: this is another log` };
  // What compaction took away was overwritten: nothing that counts is missing.
  if (committed < low && !isCompacted) return { gone: `its position ${committed} is gone, what is below ${low} has been erased` };
  return { from: Math.max(committed, low) };
};

export type Follows =
  | 'yes'
  /** It has been read before: what is below the expected offset must not count twice. */
  | 'repeats'
  /** Offsets are missing: harmless where compaction or a transaction left a gap, loss where retention did. */
  | 'gap'
  /** The log ends before what was read, or begins again: it is another log. */
  | 'replaced';

/** `soughtTo`: where reading was last told to begin. */
export const follows = (batch: Readonly<{ first: number; high: number }>, expected: number, soughtTo: number): Follows => {
  if (batch.high < expected || batch.first < soughtTo) return 'replaced';
  if (batch.first < expected) return 'repeats';
  return batch.first === expected ? 'yes' : 'gap';
};
