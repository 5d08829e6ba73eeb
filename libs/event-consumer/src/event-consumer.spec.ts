import fc from 'fast-check';
import { EventConsumer, GapNotFilled, type EventConsumerOptions, type SequencedFact } from './event-consumer.js';

const accounts = ['sms-kw00001-1', 'sms-kw00002-1', 'sms-kw00003-1'] as const;
const [account] = accounts;
const fact = (accountSequence: number, of: string = account): SequencedFact => ({ account: of, accountSequence });
const upTo = (last: number): number[] => Array.from({ length: last + 1 }, (_, index) => index);

/** A ledger with so many facts of each account, and another team's store: effects and position in one transaction. */
const aTeam = (facts: number, options: Partial<EventConsumerOptions<SequencedFact>> = {}) => {
  const stored = new Map<string, number[]>();
  const reads: [string, number, number][] = [];
  const handOver = async (of: string, batch: readonly SequencedFact[]): Promise<void> => {
    stored.set(of, [...(stored.get(of) ?? []), ...batch.map(({ accountSequence }) => accountSequence)]);
  };
  const consumer = new EventConsumer<SequencedFact>({
    positionOf: async (of) => stored.get(of)?.at(-1),
    handOver,
    readEvents: async (of, from, limit) => {
      reads.push([of, from, limit]);
      return upTo(facts - 1).slice(from, from + limit).map((sequence) => fact(sequence, of));
    },
    ...options,
  });
  return { consumer, stored, reads, handOver };
};

it('what comes in order is handed over as it comes, and the ledger is asked for nothing', async () => {
  const { consumer, stored, reads } = aTeam(10);
  await consumer.take([fact(0), fact(1)]);
  await consumer.take([fact(2)]);
  expect([stored.get(account), reads]).toEqual([[0, 1, 2], []]);
});

it('a gap is fetched, exactly that, in pages', async () => {
  const { consumer, stored, reads } = aTeam(100, { readLimit: 4 });
  await consumer.take([fact(0)]);
  await consumer.take([fact(10), fact(11)]);
  expect(stored.get(account)).toEqual(upTo(11));
  expect(reads).toEqual([[account, 1, 4], [account, 5, 4], [account, 9, 1]]);
});

it('a repeat is dropped, also one of a fact that was fetched before it came', async () => {
  const { consumer, stored } = aTeam(10);
  await consumer.take([fact(3)]);
  await consumer.take([fact(1), fact(2), fact(3), fact(4), fact(4)]);
  expect(stored.get(account)).toEqual(upTo(4));
});

it('an account that is new to it comes from its beginning, and catching up needs no fact at all', async () => {
  const { consumer, stored } = aTeam(7, { readLimit: 3 });
  await consumer.catchUp(account);
  expect(stored.get(account)).toEqual(upTo(6));
});

it('a ledger that does not give what must be there is a failure, and nothing is handed over out of order', async () => {
  const { consumer, stored } = aTeam(2);
  await expect(consumer.take([fact(5)])).rejects.toThrow(GapNotFilled);
  expect(stored.get(account)).toEqual([0, 1]);
});

it("one account's failure holds up no other", async () => {
  const team = aTeam(5, { handOver: async (of, batch) => (of === account ? Promise.reject(new Error('locked')) : team.handOver(of, batch)) });
  await expect(team.consumer.take([fact(0), fact(0, accounts[1])])).rejects.toThrow('locked');
  expect([team.stored.get(account), team.stored.get(accounts[1])]).toEqual([undefined, [0]]);
});

it('positions in memory are bounded: those of other accounts are asked for again', async () => {
  let asked = 0;
  const team = aTeam(5, { accountsMax: 2, positionOf: async (of) => ((asked += 1), team.stored.get(of)?.at(-1)) });
  for (const sequence of [0, 1]) for (const of of accounts) await team.consumer.take([fact(sequence, of)]);
  expect(asked).toBe(6);
  expect(team.stored.get(account)).toEqual([0, 1]);
});

const delivery = fc.record({ of: fc.constantFrom(...accounts), sequence: fc.nat({ max: 29 }) }).map(({ of, sequence }) => fact(sequence, of));
/** What becomes of a hand-over: done, failed before anything is stored, or stored and the answer lost. */
const fate = fc.constantFrom('done', 'done', 'done', 'failed', 'lost');

it('whatever is shuffled, dropped, repeated, or fails on the way: each position once, in order, without a gap', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(delivery, { maxLength: 8 }), { maxLength: 25 }), fc.infiniteStream(fate), fc.integer({ min: 1, max: 7 }), async (batches, fates, readLimit) => {
      let failing = true;
      const team: ReturnType<typeof aTeam> = aTeam(30, {
        readLimit,
        accountsMax: 2,
        handOver: async (of, batch) => {
          const happens = failing ? fates.next().value : 'done';
          if (happens === 'failed') throw new Error('not stored');
          await team.handOver(of, batch);
          if (happens === 'lost') throw new Error('stored, and nobody heard');
        },
      });
      await Promise.all(batches.map((batch) => team.consumer.take(batch).catch(() => undefined)));
      for (const numbers of team.stored.values()) expect(numbers).toEqual(upTo(numbers.length - 1));
      failing = false;
      const newest = new Map(batches.flat().map(({ account: of }) => [of, Math.max(...batches.flat().filter((other) => other.account === of).map(({ accountSequence }) => accountSequence))]));
      for (const batch of batches) await team.consumer.take(batch);
      for (const [of, last] of newest) expect(team.stored.get(of)).toEqual(upTo(last));
    }),
    { numRuns: 300 },
  );
});
