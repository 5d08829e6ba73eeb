import { check } from './simulation/checks.js';
import { History } from './simulation/history.js';

// Each history is made by its seed alone. KWOTA_SIMULATION_SEED repeats one; KWOTA_SIMULATION_HISTORIES runs so many, from that seed on or from 1
// (npx nx run ledger:simulate: 50,000).
const { KWOTA_SIMULATION_SEED: seedGiven, KWOTA_SIMULATION_HISTORIES: countGiven } = process.env;
const firstSeed = Number(seedGiven ?? 1);
const count = Number(countGiven ?? (seedGiven === undefined ? 1_500 : 1));
/** A history takes 16 ms of a core; cores may be shared by ten. */
const timeoutMs = 60_000 + count * 200;

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
    timeoutMs,
  );

  it('a seed gives the same history each time', async () => {
    const events = async (): Promise<readonly string[]> => {
      const { disk } = await new History(firstSeed).run();
      // Requests between ledgers have random ids of their own, which decide nothing.
      return disk.all.map(({ data }) => JSON.stringify({ ...JSON.parse(Buffer.from(data).toString()), correlationId: undefined }));
    };
    expect(await events()).toEqual(await events());
  });
});
