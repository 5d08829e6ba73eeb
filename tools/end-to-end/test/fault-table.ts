// How the parts of the matrix of faults are counted and printed: one form for all of them.
/** `times`: kills, or faults made. `calledBackTwice`: for alerts, whose mails are `messages`, it has no meaning. */
export type Row = Readonly<{ victim: string; fault: string; times: number; messages: number; lost: number; sentTwice: number; chargedTwice: number; calledBackTwice: number | '-' }>;

export const countsOf = <Key>(keys: readonly Key[]): Map<Key, number> => {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
};
export const repeated = (counts: ReadonlyMap<unknown, number>): number => [...counts.values()].filter((times) => times > 1).length;

/** Whether it held within the time. */
export const until = async (holds: () => boolean, withinMs: number): Promise<boolean> => {
  for (const giveUpAtMs = performance.now() + withinMs; performance.now() < giveUpAtMs; ) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
};

/** Repeatable: mulberry32. */
export const randomOf = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
};

const widths = [8, 40, 8, 10, 5, 11, 14, 0];
/** Where the rest of it is, so that a reader of one part finds the others. */
const parts = [
  'The matrix of faults: fault-matrix.int.spec (ledger, carrier, dlr killed; SMSC, endpoint), fault-matrix-alerts.int.spec (alerts killed; mail server),',
  'fault-matrix-edge.int.spec (gateway, users killed), fault-matrix-broker.int.spec (broker, each process); with a real broker kafka-faults.e2e.spec and',
  'kafka-service-down.e2e.spec (each process killed, paused and down, the broker stopped, killed and frozen), whole processes kill-9.e2e.spec.',
];

/** @param counted what `times` counts. */
export const printMatrix = (rows: readonly Row[], counted: 'kills' | 'faults'): void => {
  const line = (cells: readonly (string | number)[]): string => cells.map((cell, at) => String(cell).padEnd(widths[at] ?? 0)).join('');
  const table = rows.map((row) => line([row.victim, row.fault, row.times, row.messages, row.lost, row.sentTwice, row.chargedTwice, row.calledBackTwice]));
  const total = rows.reduce((sum, { times }) => sum + times, 0);
  const victims = counted === 'kills' ? 'killed' : 'process';
  console.log([line([victims, 'fault', counted, 'messages', 'lost', 'sent twice', 'charged twice', 'called back twice']), ...table, `${total} ${counted}`, ...parts].join('\n'));
};
