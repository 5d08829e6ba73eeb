import { adjustCredits, closeUser, openAccount, purchaseCredits, readEvents, setQuota, setRecreditThreshold, setThreshold, showAccount, showUsers, transferCredits } from '@kwota/contracts/ledger.requests.v1';
import { submissions } from '@kwota/contracts/submissions.v1';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openLedgerCore } from '../src/ledger-core.js';
import { account, anna, aSubmission, closeAll, openedWith, openMessaging, startLedger, temporaryFolder, until } from './ledger-under-test.js';

afterEach(closeAll);

const ready = async (credits = 10) => {
  const ledger = await startLedger();
  await openedWith(credits, ledger);
  return ledger;
};

describe('a submission', () => {
  it('is held, answered with what is left, and handed on with its text and time', async () => {
    const ledger = await ready();
    expect(await ledger.send({ messageIds: [7, 8] })).toEqual({ outcome: 'accepted', messageIds: [7, 8], takenMilliCredits: 2_000, leftMilliCredits: 8_000 });
    await until(() => ledger.handedOn.length === 1);
    expect(ledger.handedOn[0]).toMatchObject({
      kind: 'accepted',
      text: 'Your parcel is at the door.',
      messages: [
        { messageId: 7, priceMilliCredits: 1_000 },
        { messageId: 8, priceMilliCredits: 1_000 },
      ],
    });
    expect(await ledger.show()).toMatchObject({ poolMilliCredits: 8_000, heldByMessagesMilliCredits: 2_000, openHolds: 2 });
  });

  it('without credit is refused as a whole, and nothing is handed on', async () => {
    const ledger = await ready(1);
    expect(await ledger.send({ messageIds: [7, 8] })).toEqual({ outcome: 'refused', code: 'credit-too-low', leftMilliCredits: 1_000 });
    expect(await ledger.send({ messageIds: [9] })).toMatchObject({ outcome: 'accepted' });
    await until(() => ledger.handedOn.length === 1);
    expect(ledger.acceptedIds()).toEqual([9]);
  });

  it('of 75 credits, 20 at once over 500: exactly 6 are granted, and 50 are left', async () => {
    const ledger = await ready(500);
    // 25 receivers of 3 parts each.
    const idsOf = (index: number): number[] => Array.from({ length: 25 }, (_, place) => index * 25 + place + 1);
    const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => ledger.send({ messageIds: idsOf(index), parts: 3 })));
    expect(replies.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(6);
    expect(replies.filter((reply) => reply.outcome === 'refused' && reply.code === 'credit-too-low')).toHaveLength(14);
    expect(await ledger.show()).toMatchObject({ poolMilliCredits: 50_000, heldByMessagesMilliCredits: 450_000, openHolds: 150 });
  });

  it('that comes again is answered and handed on as the first time, and charged once', async () => {
    const ledger = await ready();
    const submission = aSubmission({ messageIds: [7] });
    const first = await ledger.send(submission);
    expect(await ledger.send({ ...submission, deadlineMs: submission.deadlineMs + 1_000, submittedAtMs: 1 })).toEqual(first);
    await until(() => ledger.handedOn.length === 2);
    expect(ledger.handedOn[1]).toEqual(ledger.handedOn[0]);
    expect(await ledger.show()).toMatchObject({ poolMilliCredits: 9_000, openHolds: 1 });
    expect(await ledger.send({ ...submission, text: 'Another text' })).toMatchObject({ outcome: 'refused', code: 'conflict' });
  });

  it('is handed on with its priority, also where a ledger that knew none has held it', async () => {
    const ledger = await ready();
    const submission = aSubmission({ messageIds: [7] });
    const first = await ledger.send(submission);
    expect(await ledger.send({ ...submission, priority: 'low' })).toEqual(first);
    await until(() => ledger.handedOn.length === 2);
    expect(ledger.handedOn[1]).toMatchObject({ kind: 'accepted', priority: 'low' });
  });

  it('under a known client key gets the first ids, and no second message leaves', async () => {
    const ledger = await ready();
    const key = { clientKey: 'order 17', bodyDigest: 'a' };
    await ledger.send({ messageIds: [7], ...key });
    expect(await ledger.send({ messageIds: [8], ...key })).toMatchObject({ outcome: 'accepted', messageIds: [7] });
    expect(await ledger.send({ messageIds: [9], ...key, bodyDigest: 'b' })).toMatchObject({ outcome: 'refused', code: 'key-conflict' });
    expect(ledger.acceptedIds()).toEqual([7]);
    const events = ledger.facts.map((fact) => JSON.stringify(fact)).join();
    expect(events).not.toContain('order 17');
  });

  it('that nobody waits for any more is refused, not charged', async () => {
    const ledger = await ready();
    expect(await ledger.send({ messageIds: [7], deadlineMs: Date.now() - 1 })).toMatchObject({ outcome: 'refused', code: 'too-late' });
    expect(await ledger.show()).toMatchObject({ poolMilliCredits: 10_000 });
  });

  it('withdrawn gets its credit back and the carrier is told, in order; a second withdrawal changes nothing', async () => {
    const ledger = await ready();
    await ledger.send({ messageIds: [7] });
    await ledger.withdraw([7]);
    await ledger.withdraw([7]);
    await until(() => ledger.handedOn.length === 3);
    expect(ledger.handedOn.map(({ kind }) => kind)).toEqual(['accepted', 'withdrawn', 'withdrawn']);
    expect(await ledger.show()).toMatchObject({ poolMilliCredits: 10_000, openHolds: 0 });
  });

  it('that comes after its withdrawal is refused', async () => {
    const ledger = await ready();
    await ledger.withdraw([7]);
    expect(await ledger.send({ messageIds: [7] })).toMatchObject({ outcome: 'refused', code: 'withdrawn' });
  });
});

describe('a final state', () => {
  it('captures what was held, once; other states change nothing', async () => {
    const ledger = await ready();
    await ledger.send({ messageIds: [7] });
    await ledger.deliver({ messageId: 7, final: false, dlr: 8, ptt: 3 });
    await ledger.deliver({ messageId: 7 });
    await ledger.deliver({ messageId: 7 });
    await until(async () => (await ledger.show()).outcome === 'done' && ledger.facts.some(({ type }) => type === 'CreditsCaptured'));
    expect(await ledger.show()).toMatchObject({ poolMilliCredits: 9_000, heldByMessagesMilliCredits: 0, consumedMilliCredits: 1_000 });
  });

  it('not billed gives the credit back', async () => {
    const ledger = await ready();
    await ledger.send({ messageIds: [7] });
    await ledger.deliver({ messageId: 7, dlr: 16, ptt: 23, parts: [{ ptt: 23, dlr: 16 }] });
    await until(() => ledger.facts.some(({ type }) => type === 'CreditsReleased'));
    expect(await ledger.show()).toMatchObject({ poolMilliCredits: 10_000, consumedMilliCredits: 0 });
  });
});

describe('requests', () => {
  it('quota: given, shown, refused with the largest allowed, tried without effect, ended with its user', async () => {
    const ledger = await ready();
    const quota = { account, userId: anna, active: true, leftMilliCredits: 4_000 };
    expect(await ledger.ask(setQuota, { ...quota, dryRun: true })).toMatchObject({ outcome: 'done', poolMilliCredits: 6_000, leftMilliCredits: 4_000 });
    expect(await ledger.show()).toMatchObject({ usersWithQuota: 0 });
    expect(await ledger.ask(setQuota, quota)).toMatchObject({ outcome: 'done', poolMilliCredits: 6_000, leftMilliCredits: 4_000 });
    const would = async (change: object) => ledger.ask(setQuota, { ...quota, ...change, dryRun: true });
    expect(await would({ leftMilliCredits: 1_000 })).toMatchObject({ outcome: 'done', poolMilliCredits: 9_000, leftMilliCredits: 1_000 });
    expect(await would({ active: false, leftMilliCredits: 0 })).toMatchObject({ outcome: 'done', poolMilliCredits: 10_000, leftMilliCredits: 10_000 });
    expect(await would({ leftMilliCredits: 10_001 })).toMatchObject({ outcome: 'refused', code: 'quota-above-pool', largestMilliCredits: 10_000 });
    expect(await ledger.show()).toMatchObject({ poolMilliCredits: 6_000, usersWithQuota: 1 });
    expect(await ledger.ask(setQuota, { ...quota, leftMilliCredits: 10_001 })).toMatchObject({ outcome: 'refused', code: 'quota-above-pool', largestMilliCredits: 10_000 });
    expect(await ledger.ask(showUsers, { account })).toMatchObject({
      outcome: 'done',
      users: [{ userId: anna, quotaActive: true, leftMilliCredits: 4_000, thresholdMilliCredits: null }],
    });
    expect(await ledger.ask(closeUser, { account, userId: anna })).toEqual({ outcome: 'done', returnedMilliCredits: 4_000 });
    expect(await ledger.send({ messageIds: [7] })).toMatchObject({ outcome: 'refused', code: 'user-closed' });
  });

  it('the level at which an account is to be topped up is shown, and reaching it is a public fact', async () => {
    const ledger = await ready(10);
    expect(await ledger.show()).toMatchObject({ recreditThresholdMilliCredits: null });
    expect(await ledger.ask(setRecreditThreshold, { account, levelMilliCredits: 9_000 })).toMatchObject({ outcome: 'done' });
    expect(await ledger.show()).toMatchObject({ recreditThresholdMilliCredits: 9_000 });
    await ledger.send({ messageIds: [7] });
    await until(() => ledger.facts.some(({ type }) => type === 'RecreditThresholdReached'));
    expect(ledger.facts.find(({ type }) => type === 'RecreditThresholdReached')).toMatchObject({ reachedId: `${account}.r1`, levelMilliCredits: 9_000, leftMilliCredits: 9_000 });
  });

  it('what was sent sets a pace, by which account and user run out', async () => {
    const ledger = await ready(10);
    expect(await ledger.show()).toMatchObject({ burnMilliCreditsPerHour: 0, runsOutAtMs: null });
    await ledger.send({ messageIds: [7, 8] });
    const shown = await ledger.show();
    // 2 credits at the weight of a day's half-life: 2,000 · ln 2 / 24.
    expect(shown).toMatchObject({ burnMilliCreditsPerHour: 58, runsOutAtMs: expect.any(Number) });
    expect(await ledger.ask(showUsers, { account })).toMatchObject({ users: [{ userId: anna, burnMilliCreditsPerHour: 58, runsOutAtMs: (shown as { runsOutAtMs: number }).runsOutAtMs }] });
  });

  it('a request with the same id is carried out once', async () => {
    const ledger = await ready();
    const quota = { account, userId: anna, active: true, leftMilliCredits: 4_000 };
    await ledger.ask(setQuota, quota, { id: 'put-1' });
    await ledger.send({ messageIds: [7] });
    await ledger.ask(setQuota, quota, { id: 'put-1' });
    expect(await ledger.show()).toMatchObject({ heldByQuotaMilliCredits: 3_000 });
  });

  it('a threshold crossed is a fact right after its debit, in the same append', async () => {
    const ledger = await ready();
    await ledger.ask(setThreshold, { account, userId: anna, levelMilliCredits: 9_000 });
    await ledger.send({ messageIds: [7] });
    await until(() => ledger.facts.some(({ type }) => type === 'ThresholdCrossed'));
    expect(ledger.facts.slice(-2)).toMatchObject([
      { type: 'CreditsHeld', messageId: 7 },
      { type: 'ThresholdCrossed', userId: anna, leftMilliCredits: 9_000, causedBy: 'http2sms' },
    ]);
  });

  it('a purchase under a known reference buys nothing; under it another amount is a conflict; an adjustment needs what it takes', async () => {
    const ledger = await ready();
    expect(await ledger.ask(purchaseCredits, { account, reference: 'first', amountMilliCredits: 10_000 })).toMatchObject({ outcome: 'done', poolMilliCredits: 10_000 });
    expect(await ledger.ask(purchaseCredits, { account, reference: 'first', amountMilliCredits: 1 })).toMatchObject({ outcome: 'refused', code: 'conflict' });
    const adjustment = { account, reference: 'ticket-8', amountMilliCredits: -10_001, reasonCode: 'goodwill', by: 'op-1' };
    expect(await ledger.ask(adjustCredits, adjustment)).toMatchObject({ outcome: 'refused', code: 'credit-too-low', leftMilliCredits: 10_000 });
  });

  it('an account that was never opened is unknown, also after it was asked to send', async () => {
    const ledger = await startLedger();
    expect(await ledger.send({ messageIds: [7] })).toMatchObject({ outcome: 'refused', code: 'account-unknown' });
    expect(await ledger.show()).toEqual({ outcome: 'refused', code: 'account-unknown' });
    expect(await ledger.ask(readEvents, { account, fromSequence: 0, limit: 10 })).toEqual({ outcome: 'refused', code: 'account-unknown' });
  });

  it('events are shown as they were published', async () => {
    const ledger = await ready();
    await ledger.send({ messageIds: [7] });
    await until(() => ledger.facts.length === 4);
    expect(await ledger.ask(readEvents, { account, fromSequence: 1, limit: 2 })).toMatchObject({ outcome: 'done', accountSequence: 3, events: ledger.facts.slice(1, 3) });
  });
});

describe('a transfer', () => {
  const other = 'sms-kw00002-1';
  const pools = async (ledger: Awaited<ReturnType<typeof startLedger>>) =>
    Promise.all([account, other].map(async (name) => ((await ledger.ask(showAccount, { account: name })) as { poolMilliCredits?: number }).poolMilliCredits));

  it('leaves one account and comes in at the other, once', async () => {
    const ledger = await ready();
    await ledger.ask(openAccount, { account: other });
    const transfer = { account, toAccount: other, transferId: 't-1', amountMilliCredits: 3_000 };
    expect(await ledger.ask(transferCredits, transfer)).toMatchObject({ outcome: 'done', poolMilliCredits: 7_000 });
    expect(await ledger.ask(transferCredits, transfer)).toMatchObject({ outcome: 'done', poolMilliCredits: 7_000 });
    await until(async () => (await pools(ledger))[1] === 3_000);
    expect(await pools(ledger)).toEqual([7_000, 3_000]);
  });

  it('to an account that is not there comes back', async () => {
    const ledger = await ready();
    await ledger.ask(transferCredits, { account, toAccount: other, transferId: 't-1', amountMilliCredits: 3_000 });
    await until(() => ledger.facts.some(({ type }) => type === 'CreditsTransferReturned'));
    expect((await pools(ledger))[0]).toBe(10_000);
  });
});

describe('facts', () => {
  it('come in the order of the account\'s sequence, without a gap', async () => {
    const ledger = await ready(100);
    await Promise.all(Array.from({ length: 50 }, (_, index) => ledger.send({ messageIds: [index + 1] })));
    await until(() => ledger.facts.length === 53);
    expect(ledger.facts.map(({ accountSequence }) => accountSequence)).toEqual(ledger.facts.map((_, index) => index));
  });
});

describe('after a restart', () => {
  it('balances, holds and outcomes are as before, and a repeat is a repeat', async () => {
    const [messaging, eventsFile] = [await openMessaging(), join(temporaryFolder(), 'events.db')];
    const before = await startLedger({ messaging, eventsFile });
    await openedWith(10, before);
    const submission = aSubmission({ messageIds: [7, 8] });
    const answer = await before.send(submission);
    const shown = await before.show();
    await before.stop();
    const after = await startLedger({ messaging, eventsFile });
    expect(await after.show()).toEqual(shown);
    expect(await after.send(submission)).toEqual(answer);
    expect(await after.show()).toEqual(shown);
  });

  it('facts that were not out yet are published', async () => {
    const eventsFile = join(temporaryFolder(), 'events.db');
    // Appended and published nowhere, as after a crash between the two.
    const store = await SqliteEventStore.open({ path: eventsFile });
    const { accounts, writer } = await openLedgerCore(store);
    await accounts.ensureLoaded([account]);
    const commands = [{ type: 'OpenAccount' }, { type: 'OpenUser', userId: anna }, { type: 'PurchaseCredits', reference: 'first', amountMilliCredits: 10_000 }] as const;
    for (const command of commands) writer.decide(account, command, { commandId: command.type, correlationId: 'test', source: null });
    await writer.flushed();
    await store.close();
    const after = await startLedger({ eventsFile });
    await until(() => after.facts.length === 3);
    expect(after.facts.map(({ type }) => type)).toEqual(['AccountOpened', 'UserOpened', 'CreditsPurchased']);
  });
});

describe('golden examples', () => {
  it('each submission is handled', async () => {
    const golden = createRequire(import.meta.url)('@kwota/contracts/golden/submissions.json') as Record<string, object>;
    const ledger = await ready();
    for (const example of Object.values(golden)) {
      const read = submissions.read(JSON.stringify(example), undefined);
      if (!('message' in read)) throw new Error(JSON.stringify(read));
      await ledger.messaging.publish([submissions.message(read.message, { id: JSON.stringify(example), source: 'kwota/test' })]);
    }
    await until(() => ledger.facts.some(({ type }) => type === 'CommandRefused'));
    expect(ledger.messaging.stats.deadLetters).toBe(0);
  });
});
