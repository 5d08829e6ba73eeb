import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PoisonMessage, PublishFailed, RequestTimedOut, TransientFailure, UnknownVersion } from './failures.js';
import { deadLetterTopicOf, type IncomingMessage, type Messaging, type OutgoingMessage, type TopicDefinition } from './messaging.js';
import { replyTo, repliesTopic, Requests } from './requests.js';

type Drainable = Messaging & { drain(): Promise<void> };

const dayMs = 24 * 60 * 60 * 1_000;
const work = 'kwota.conformance.v1';
const facts = 'kwota.conformance-facts.v1';
const topics: readonly TopicDefinition[] = [
  { topic: work, kept: { kind: 'for', retentionMs: dayMs } },
  { topic: deadLetterTopicOf(work), kept: { kind: 'for', retentionMs: dayMs } },
  { topic: facts, kept: { kind: 'compacted' } },
  { topic: repliesTopic, kept: { kind: 'ephemeral', retentionMs: dayMs } },
];

const message = (key: string, value: unknown, topic = work): OutgoingMessage => ({ topic, key, value: value === null ? null : JSON.stringify(value), headers: { ce_id: key } });
const valuesOf = (batch: readonly IncomingMessage[]): unknown[] => batch.map(({ value }) => (value === null ? null : JSON.parse(value)));

/** An adapter whose log is another process, shared with others, may take longer than Jest allows. */
const timeoutMsOfMemory = 5_000;

/**
 * Called in the spec of every adapter. `open` gives an instance over a file or server space named by `place`, or over a new one where there is no name;
 * the same place again is the same log.
 */
export const messagingConformance = (
  adapter: string,
  open: (place: string | undefined, topics: readonly TopicDefinition[]) => Promise<Drainable>,
  timeoutMs = timeoutMsOfMemory,
) =>
  describe(`${adapter} keeps the promises of Messaging`, () => {
    const promise = (name: string, test: () => Promise<void>): void => it(name, test, timeoutMs);
    let messaging: Drainable;
    beforeEach(async () => {
      messaging = await open(undefined, topics);
    }, timeoutMs);
    afterEach(() => messaging.close(), timeoutMs);

    /** Subscribes and remembers every value that was handled, in order. */
    const collect = async (on: Messaging, group = 'kwota.ledger', topic = work, kind: 'shared' | 'broadcast' = 'shared') => {
      const handled: unknown[] = [];
      const subscription = await on.subscribe({ topic, group, kind, handle: async (batch) => void handled.push(...valuesOf(batch)) });
      return { handled, subscription };
    };

    promise('messages of one key are handled in the order of their publishing', async () => {
      const { handled } = await collect(messaging);
      const numbers = Array.from({ length: 500 }, (_, index) => index);
      await Promise.all(numbers.map((number) => messaging.publish([message('account-a', number)])));
      await messaging.drain();
      expect(handled).toEqual(numbers);
    });

    promise('a message arrives as it was published, with its place in the log, in whatever script', async () => {
      const received: IncomingMessage[] = [];
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle: async (batch) => void received.push(...batch) });
      const headers = { ce_id: 'é-1', ce_type: 'kwota.conformance.v1', traceparent: '', 'content-type': 'application/json' };
      const beforeMs = Date.now();
      await messaging.publish([1, 2].map((number) => ({ topic: work, key: 'compte-é|ключ', value: JSON.stringify(`Ça va? 🙂 ${number}`), headers })));
      await messaging.drain();
      const [first, second] = received;
      expect(first).toMatchObject({ topic: work, key: 'compte-é|ключ', value: '"Ça va? 🙂 1"', headers });
      expect(second?.partition).toBe(first?.partition);
      expect(second?.offset).toBeGreaterThan(first?.offset ?? Infinity);
      // Clocks of two programs, to the second.
      expect(Math.abs((first?.timestampMs ?? 0) - beforeMs)).toBeLessThan(timeoutMs);
    });

    promise('what need not be durable at once, and may linger, comes in order with the rest', async () => {
      const { handled } = await collect(messaging, 'g');
      const ordered = messaging.publish([message('account-a', 1)], { until: 'ordered', lingerMs: 5 });
      await ordered;
      await Promise.all([messaging.publish([message('account-a', 2)], { lingerMs: 60_000 }), messaging.publish([message('account-a', 3)])]);
      await messaging.drain();
      expect(handled).toEqual([1, 2, 3]);
    });

    promise('work for which nobody waits is done, and its outcome told', async () => {
      const waiting = { waitedMs: () => 0, signal: new AbortController().signal };
      expect(await messaging.inItsTurn(async () => 'done', waiting)).toBe('done');
      await expect(messaging.inItsTurn(() => Promise.reject(new Error('not done')), waiting)).rejects.toThrow('not done');
    });

    promise('what is behind the bar of a key does not part it from its account', async () => {
      const partitions = new Set<number>();
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle: async (batch) => batch.forEach(({ partition }) => partitions.add(partition)) });
      await messaging.publish(['account-a', 'account-a|user-1', 'account-a|user-2'].map((key) => message(key, key)));
      await messaging.drain();
      expect(partitions.size).toBe(1);
    });

    promise('a topic that nobody declared is refused, to publishers and subscribers', async () => {
      await expect(messaging.publish([message('a', 1, 'kwota.nobody.v1')])).rejects.toThrow('no topic kwota.nobody.v1');
      await expect(collect(messaging, 'g', 'kwota.nobody.v1')).rejects.toThrow('no topic kwota.nobody.v1');
    });

    promise('a broadcast subscriber gets all that is kept, and knows when its picture is whole; replies begin now', async () => {
      const before = Array.from({ length: 40 }, (_, index) => index);
      await messaging.publish(before.map((number) => message(`account-${number}`, number)));
      await messaging.publish([message('account-a', 'early', repliesTopic)]);
      const late = await collect(messaging, 'late', work, 'broadcast');
      await late.subscription.caughtUp();
      expect((late.handled as number[]).toSorted((one, other) => one - other)).toEqual(before);
      const replies = await collect(messaging, 'replies', repliesTopic, 'broadcast');
      await messaging.publish([message('account-a', 'now', repliesTopic)]);
      await messaging.drain();
      expect(replies.handled).toEqual(['now']);
    });

    promise('a batch handler gets what is there, at once', async () => {
      const sizes: number[] = [];
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle: async (batch) => void sizes.push(batch.length) });
      await messaging.publish(Array.from({ length: 100 }, (_, index) => message('account-a', index)));
      await messaging.drain();
      expect(sizes).toEqual([100]);
    });

    promise('every group gets every message', async () => {
      const [ledger, dlr] = [await collect(messaging, 'kwota.ledger'), await collect(messaging, 'kwota.dlr')];
      await messaging.publish([message('account-a', 'one')]);
      await messaging.drain();
      expect([ledger.handled, dlr.handled]).toEqual([['one'], ['one']]);
    });

    promise('of two members of a group one gets a message; of two broadcast subscribers both', async () => {
      const shared = [await collect(messaging), await collect(messaging)];
      const broadcast = [await collect(messaging, 'b1', work, 'broadcast'), await collect(messaging, 'b2', work, 'broadcast')];
      await messaging.publish(Array.from({ length: 50 }, (_, index) => message(`account-${index}`, index)));
      await messaging.drain();
      expect(shared[0]!.handled.length + shared[1]!.handled.length).toBe(50);
      expect(shared[0]!.handled.length).toBeGreaterThan(0);
      expect(shared[1]!.handled.length).toBeGreaterThan(0);
      expect(broadcast.map(({ handled }) => handled.length)).toEqual([50, 50]);
    });

    promise('a message whose handler failed for a while comes again before the next of its key', async () => {
      const attempts: unknown[] = [];
      let failures = 12;
      const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
        attempts.push(...valuesOf(batch));
        if ((failures -= 1) >= 0) throw new TransientFailure('store', 'away');
      };
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
      await messaging.publish([message('account-a', 'first')]);
      await messaging.publish([message('account-a', 'second')]);
      await messaging.drain();
      expect(attempts.filter((value) => value === 'second').length).toBeGreaterThan(0);
      expect(attempts[attempts.length - 1]).toBe('second');
      expect(attempts.filter((value) => value === 'first').length).toBeGreaterThan(9);
    });

    promise('a partition that is held up does not hold up another', async () => {
      const handled: unknown[] = [];
      let away = true;
      const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
        if (away && batch.some(({ key }) => key === 'account-a')) throw new TransientFailure('store', 'away');
        handled.push(...valuesOf(batch));
        away = false;
      };
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
      await messaging.publish([message('account-a', 'slow')]);
      await messaging.publish([message('account-b', 'quick')]);
      await messaging.drain();
      expect(handled).toEqual(['quick', 'slow']);
    });

    promise('a poison message goes to the dead letters with reason, stage and origin, and the rest flows on', async () => {
      const handled: unknown[] = [];
      const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
        if (valuesOf(batch).includes('poison')) throw new PoisonMessage('contract', 'messageIds: too_small');
        handled.push(...valuesOf(batch));
      };
      await messaging.subscribe({ topic: work, group: 'kwota.ledger', kind: 'shared', handle });
      const dead: IncomingMessage[] = [];
      await messaging.subscribe({ topic: deadLetterTopicOf(work), group: 'x', kind: 'shared', handle: async (batch) => void dead.push(...batch) });
      await messaging.publish(['before', 'poison', 'after'].map((value) => message('account-a', value)));
      await messaging.drain();
      expect(handled).toEqual(['before', 'after']);
      expect(dead.map(({ value, key }) => [key, value])).toEqual([['account-a', '"poison"']]);
      expect(dead[0]?.headers).toMatchObject({
        ce_id: 'account-a',
        'dead-reason': 'messageIds: too_small',
        'dead-stage': 'contract',
        'dead-topic': work,
        'dead-group': 'kwota.ledger',
      });
    });

    promise('a bug is tried again some times, then dead-lettered without the text of its error', async () => {
      const handle = async (): Promise<void> => {
        throw new RangeError('+33600000004 is out of range');
      };
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
      const dead: IncomingMessage[] = [];
      await messaging.subscribe({ topic: deadLetterTopicOf(work), group: 'x', kind: 'shared', handle: async (batch) => void dead.push(...batch) });
      await messaging.publish([message('account-a', 1)]);
      await messaging.drain();
      expect(dead).toHaveLength(1);
      expect(messaging.stats).toMatchObject({ deadLetters: 1, retries: expect.any(Number) });
      expect(messaging.stats.retries).toBeGreaterThan(1);
      expect(dead[0]?.headers['dead-reason']).toContain('RangeError');
      expect(JSON.stringify(dead[0]?.headers)).not.toContain('+33');
    });

    promise('a later version stops its partition and readiness, and nothing is skipped', async () => {
      const handled: unknown[] = [];
      const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
        if (valuesOf(batch).includes('v2')) throw new UnknownVersion('v2');
        handled.push(...valuesOf(batch));
      };
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
      await messaging.publish(['v1', 'v2', 'v1 again'].map((value) => message('account-a', value)));
      await messaging.drain();
      expect(handled).toEqual(['v1']);
      expect(messaging.health().ready).toBe(false);
      expect(messaging.health().reasons.join()).toContain(work);
    });

    promise('a compacted topic gives the latest of each key, a tombstone ends one, and what comes later follows', async () => {
      await messaging.publish([message('a|1', 'old', facts), message('a|2', 'gone', facts), message('a|1', 'new', facts), message('a|2', null, facts)]);
      const { handled, subscription } = await collect(messaging, 'gateway', facts, 'broadcast');
      await subscription.caughtUp();
      expect(handled).toEqual(['new']);
      await messaging.publish([message('a|1', null, facts)]);
      await messaging.drain();
      expect(handled).toEqual(['new', null]);
    });

    promise('a request is answered to its asker alone; one that nobody answers times out, and its late reply is dropped and counted', async () => {
      const [asker, other] = [new Requests(messaging, 'asker'), new Requests(messaging, 'other')];
      await asker.start();
      await other.start();
      const unanswered: IncomingMessage[] = [];
      const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
        for (const request of batch) {
          if (request.value === '"silence"') unanswered.push(request);
          else await messaging.publish([replyTo(request, '"pong"', {})!]);
        }
      };
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
      expect((await asker.request(message('account-a', 'ping'), 'c1', 5_000)).value).toBe('"pong"');
      await expect(asker.request(message('account-a', 'silence'), 'c2', 50)).rejects.toThrow(RequestTimedOut);
      await messaging.publish([replyTo(unanswered[0]!, '"late"', {})!]);
      await messaging.drain();
      expect([asker.lateReplies, other.lateReplies, asker.pending]).toEqual([1, 0, 0]);
    });

    promise('what was published is there after a restart, a group goes on where it was, and nothing is skipped', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'kwota-conformance-'));
      const place = join(folder, 'log.db');
      const first = await open(place, topics);
      const before = await collect(first);
      await first.publish([message('account-a', 1), message('account-b', 2)]);
      await first.drain();
      await before.subscription.close();
      await first.publish([message('account-a', 3), message('account-b', 4)]);
      await first.close();

      const second = await open(place, topics);
      const after = await collect(second);
      const newcomer = await collect(second, 'kwota.newcomer');
      await second.drain();
      expect(before.handled.toSorted()).toEqual([1, 2]);
      expect(after.handled.toSorted()).toEqual([3, 4]);
      expect(newcomer.handled.toSorted()).toEqual([1, 2, 3, 4]);
      await second.close();
      rmSync(folder, { recursive: true });
    });

    promise('a group is told its partitions before its first batch, again until it is ready, and handles nothing meanwhile', async () => {
      const told: string[] = [];
      let failures = 1;
      messaging.onAssignment('kwota.ledger', async ({ partitions, gained, lost }) => {
        told.push(`${partitions.size} gained ${gained.size} lost ${lost.size}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        failures -= 1;
        if (failures >= 0) throw new TransientFailure('store', 'away');
        told.push('ready');
      });
      await messaging.publish([message('account-a', 1), message('account-b', 2)]);
      await messaging.subscribe({ topic: work, group: 'kwota.ledger', kind: 'shared', handle: async (batch) => void told.push(...batch.map(() => 'handled')) });
      await messaging.drain();
      const all = `${messaging.partitionCount} gained ${messaging.partitionCount} lost 0`;
      expect(told).toEqual([all, all, 'ready', 'handled', 'handled']);
    });

    promise('subscriptions of a group that are made in one turn begin together, with the same partitions', async () => {
      const told: number[] = [];
      messaging.onAssignment('kwota.ledger', async ({ partitions }) => void told.push(partitions.size));
      const [first, second] = await Promise.all([collect(messaging), collect(messaging, 'kwota.ledger', facts)]);
      await messaging.publish([message('account-a', 1), message('account-a', 2, facts), message('account-a', null, facts)]);
      await messaging.drain();
      expect(told).toEqual([messaging.partitionCount]);
      expect([first.handled, second.handled]).toEqual([[1], [2, null]]);
    });

    promise('a closed subscription handles nothing more; the same group later goes on where it was', async () => {
      const before = await collect(messaging);
      await messaging.publish([message('account-a', 1)]);
      await messaging.drain();
      await before.subscription.close();
      await messaging.publish([message('account-a', 2)]);
      await messaging.drain();
      const after = await collect(messaging);
      await messaging.drain();
      expect([before.handled, after.handled]).toEqual([[1], [2]]);
    });

    promise('what a group has not handled yet is its lag', async () => {
      let letGo = (): void => {};
      const held = new Promise<void>((resolve) => (letGo = resolve));
      await messaging.subscribe({ topic: work, group: 'kwota.ledger', kind: 'shared', handle: () => held });
      await messaging.publish([message('account-a', 1)]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await messaging.publish([message('account-a', 2), message('account-a', 3)]);
      for (const untilMs = performance.now() + 5_000; (messaging.lags().get(`kwota.ledger ${work}`) ?? 0) < 2; ) {
        if (performance.now() > untilMs) throw new Error(`lags are ${JSON.stringify([...messaging.lags()])}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      letGo();
      await messaging.drain();
      expect(messaging.lags().get(`kwota.ledger ${work}`)).toBe(0);
      expect(messaging.stats.published).toBe(3);
    });

    promise('closing a subscription lets the batch under way finish', async () => {
      let finished = false;
      let begun = (): void => {};
      const beginning = new Promise<void>((resolve) => (begun = resolve));
      const handle = async (): Promise<void> => {
        begun();
        await new Promise((resolve) => setTimeout(resolve, 50));
        finished = true;
      };
      const subscription = await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
      await messaging.publish([message('account-a', 1)]);
      await beginning;
      await subscription.close();
      expect(finished).toBe(true);
    });

    promise('closing lets batches under way finish, with what they publish, and begins no other', async () => {
      const handled: unknown[] = [];
      let begun = (): void => {};
      const beginning = new Promise<void>((resolve) => (begun = resolve));
      const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
        begun();
        await new Promise((resolve) => setTimeout(resolve, 50));
        await messaging.publish([message('account-b', 'of the batch')]);
        handled.push(...valuesOf(batch));
      };
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
      await messaging.publish([message('account-a', 1)]);
      await beginning;
      await messaging.close();
      expect(handled).toEqual([1]);
      await expect(messaging.publish([message('account-a', 2)])).rejects.toThrow(PublishFailed);
    });
  });
