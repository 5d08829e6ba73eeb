import { ServiceDatabase } from '@kwota/service-kit/database';
import { outboxEntity } from '@kwota/service-kit/outbox';
import { run } from '@kwota/service-kit/sql';
import { migrations } from '../carrier.migrations.js';
import { PartsRepository, type NewPart } from '../parts.repository.js';
import { agedAfterMs } from './aged-turns.js';
import { ClaimPartsRepository, oldestOfRank, type Claim } from './claim-parts.repository.js';

const nowMs = 1_795_435_200_000;
const old = nowMs - agedAfterMs;
const claim: Claim = { connector: 'default', epoch: 1, nowMs, partsMax: 100, agedMax: 0, wholeMessages: false };

let database: ServiceDatabase;
beforeEach(async () => {
  database = await ServiceDatabase.open({ location: ':memory:', schema: 'carrier', entities: [outboxEntity], migrations });
});
afterEach(() => database.close());

const waiting = (messageId: number, priority: NewPart['priority'], fields: Partial<NewPart> = {}): NewPart => ({
  ...{ messageId, part: 1, parts: 1, account: 'sms-kw00001-1', receiver: '+33600000004', sender: 'KWOTA', text: 'Hello', coding: '7bit', messageClass: null },
  ...{ priority, dueAtMs: nowMs, validUntilMs: nowMs + 1, connector: 'default', commercial: false },
  ...fields,
});
const queue = new ClaimPartsRepository();
const claimedOf = (parts: readonly NewPart[], fields: Partial<Claim>): Promise<number[]> =>
  database.transaction(async (manager) => {
    await new PartsRepository().add(manager, parts);
    return (await queue.claim(manager, { ...claim, ...fields })).map(({ messageId }) => messageId);
  });

it('the more urgent goes first, and within one priority what is due for longer', async () => {
  const parts = [waiting(1, 'veryLow'), waiting(2, 'low'), waiting(3, 'medium'), waiting(4, 'high'), waiting(5, 'low', { dueAtMs: nowMs - 1 }), waiting(6, 'high', { dueAtMs: nowMs - 1 })];
  expect(await claimedOf(parts, { partsMax: 4 })).toEqual([6, 4, 3, 5]);
  expect(await claimedOf([], { partsMax: 4 })).toEqual([2, 1]);
});

it('what is not due, not valid, or for another connector is nobody else\'s turn', async () => {
  const parts = [waiting(1, 'high', { dueAtMs: nowMs + 1 }), waiting(2, 'high', { validUntilMs: nowMs }), waiting(3, 'high', { connector: 'other' }), waiting(4, 'veryLow')];
  expect(await claimedOf(parts, {})).toEqual([4]);
});

it('turns of what waited long go to the oldest of the less urgent, and a claim is as full as without them', async () => {
  const urgent = Array.from({ length: 10 }, (_, index) => waiting(100 + index, 'high', { dueAtMs: nowMs - 10 * agedAfterMs }));
  const parts = [...urgent, waiting(1, 'low', { dueAtMs: old }), waiting(2, 'veryLow', { dueAtMs: old - 1 }), waiting(3, 'medium', { dueAtMs: old + 1 })];
  expect(await claimedOf(parts, { partsMax: 5, agedMax: 1 })).toEqual([100, 101, 102, 103, 2]);
  expect(await claimedOf([], { partsMax: 5, agedMax: 3 })).toEqual([104, 105, 106, 107, 1]);
});

it('turns that nobody has waited for go by priority', async () => {
  const parts = [waiting(1, 'low', { dueAtMs: old + 1 }), waiting(2, 'high'), waiting(3, 'high')];
  expect(await claimedOf(parts, { partsMax: 2, agedMax: 2 })).toEqual([2, 3]);
});

it('with whole messages the other parts of a message come along', async () => {
  const parts = [1, 2, 3].map((part) => waiting(1, 'low', { part, parts: 3 }));
  expect(await claimedOf(parts, { partsMax: 1, agedMax: 1, wholeMessages: true })).toEqual([1, 1, 1]);
});

it('the next one due is found whatever its priority', async () => {
  const next = (): Promise<number | undefined> => database.read((manager) => queue.nextDueAtMs(manager, 'default'));
  expect(await next()).toBeUndefined();
  await claimedOf([waiting(1, 'high', { dueAtMs: nowMs + 2 }), waiting(2, 'low', { dueAtMs: nowMs + 1 }), waiting(3, 'high', { connector: 'other' })], {});
  expect(await next()).toBe(nowMs + 1);
});

it('the index has what waits in the order of its turns', async () => {
  const plan = await database.read((manager) => run<{ detail: string }>(manager, `EXPLAIN QUERY PLAN ${oldestOfRank}`, ['default', nowMs, nowMs, 0, 100]));
  expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH part USING INDEX part_turn (connector=? AND priority=? AND dueAtMs<?)']);
});
