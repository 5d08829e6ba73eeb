import { check } from './simulation/checks.js';
import { History } from './simulation/history.js';

// KWOTA_SIMULATION_SEED repeats one history, KWOTA_SIMULATION_HISTORIES runs so many (nx run ledger:simulate: 50,000).
const { KWOTA_SIMULATION_SEED: seedGiven, KWOTA_SIMULATION_HISTORIES: countGiven } = process.env;
const histories = Number(countGiven ?? 1_000);
const budgetMs = Math.max(60_000, histories * 200);
const firstSeed = seedGiven === undefined ? 1 : Number(seedGiven);
const count = seedGiven === undefined ? histories : 1;

describe('under faults of store, clock and log, with crashes and two ledgers that believe in the same partitions', () => {
  it(
    'the ledger is what the model says, whoever looks at it',
    async () => {
      for (let seed = firstSeed; seed < firstSeed + count; seed += 1)
        try {
          await check(await new History(seed).run());
        } catch (error) {
          throw new Error(`history ${seed}: ${(error as Error).message} (KWOTA_SIMULATION_SEED=${seed} repeats it)`, { cause: error });
        }
    },
    budgetMs,
  );
});
