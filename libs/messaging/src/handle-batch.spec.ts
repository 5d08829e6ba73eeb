import { PoisonMessage, PublishFailed, RequestTimedOut, TransientFailure, UnknownVersion } from './failures.js';
import { dispositionOf, handleBatch, unforeseenAttemptsMax, type HandleBatchOptions } from './handle-batch.js';
import type { IncomingMessage, OutgoingMessage } from './messaging.js';

describe('what becomes of a message whose handler failed', () => {
  it.each([
    ['a poison message', new PoisonMessage('contract', 'parts: too_big'), 1, 'dead-letter'],
    ['a later version', new UnknownVersion('v2'), 1, 'stop'],
    ['a store that is away', new TransientFailure('store', 'away'), 1, 'retry'],
    ['a store that is away for long', new TransientFailure('store', 'away'), 1_000_000, 'retry'],
    ['a log that does not take it', new PublishFailed('away'), 1_000, 'retry'],
    ['a service that does not answer', new RequestTimedOut('late'), 1_000, 'retry'],
    ['an unforeseen error', new TypeError('x'), 1, 'retry'],
    ['an unforeseen error before the last attempt', new TypeError('x'), unforeseenAttemptsMax - 1, 'retry'],
    ['an unforeseen error at the last attempt', new TypeError('x'), unforeseenAttemptsMax, 'dead-letter'],
    ['something thrown that is no error', 'text', unforeseenAttemptsMax, 'dead-letter'],
  ] as const)('%s', (_, error, attempt, disposition) => expect(dispositionOf(error, attempt)).toBe(disposition));
});

const batchOf = (...values: string[]): IncomingMessage[] =>
  values.map((value, index) => ({ topic: 'kwota.accepted.v1', key: 'account-a', value, headers: { ce_id: value }, partition: 3, offset: 10 * index, timestampMs: 0 }));

/** Runs a batch whose handler fails as told by value; what it was called with, in order, and what it published. */
const handled = async (batch: readonly IncomingMessage[], failures: Record<string, (attempt: number) => unknown>, overrides: Partial<HandleBatchOptions> = {}) => {
  const calls: (string | null)[][] = [];
  const published: OutgoingMessage[] = [];
  const attempts = new Map<string, number>();
  const end = await handleBatch(
    batch,
    async (messages) => {
      calls.push(messages.map(({ value }) => value));
      for (const { value } of messages) {
        const attempt = (attempts.get(String(value)) ?? 0) + 1;
        attempts.set(String(value), attempt);
        const error = failures[String(value)]?.(attempt);
        if (error !== undefined) throw error;
      }
    },
    {
      group: 'kwota.dlr',
      publish: async (messages) => void published.push(...messages),
      signal: new AbortController().signal,
      backoff: { firstMs: 1, maxMs: 2 },
      nowMs: () => Date.parse('2030-01-01T00:00:00Z'),
      ...overrides,
    },
  );
  return { end, calls, published };
};

describe('a batch', () => {
  it('that does not fail is one call', async () => {
    expect(await handled(batchOf('a', 'b', 'c'), {})).toMatchObject({ end: { handled: 3 }, calls: [['a', 'b', 'c']] });
  });

  it('with a bad message goes one by one: the bad one is a dead letter, the good ones after it are handled once', async () => {
    const { end, calls, published } = await handled(batchOf('a', 'bad', 'c'), { bad: () => new PoisonMessage('contract', 'parts: too_big') });
    expect(end).toEqual({ handled: 3 });
    expect(calls).toEqual([['a', 'bad', 'c'], ['a'], ['bad'], ['c']]);
    expect(published).toEqual([
      {
        topic: 'kwota.accepted.v1.dead',
        key: 'account-a',
        value: 'bad',
        headers: {
          ce_id: 'bad',
          'dead-reason': 'parts: too_big',
          'dead-stage': 'contract',
          'dead-topic': 'kwota.accepted.v1',
          'dead-partition': '3',
          'dead-offset': '10',
          'dead-group': 'kwota.dlr',
          'dead-at': '2030-01-01T00:00:00.000Z',
        },
      },
    ]);
  });

  it('that meets a store away comes again whole when the store is back', async () => {
    const { end, calls } = await handled(batchOf('a', 'b'), { a: (attempt) => (attempt < 3 ? new TransientFailure('store', 'away') : undefined) });
    expect(end).toEqual({ handled: 2 });
    expect(calls).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b']]);
  });

  it('of which one message alone meets its peer away repeats the others a few times only', async () => {
    const { end, calls } = await handled(batchOf('a', 'slow', 'c'), { slow: (attempt) => (attempt < 30 ? new RequestTimedOut('late') : undefined) });
    expect(end).toEqual({ handled: 3 });
    expect(calls.filter((call) => call.includes('a')).length).toBeLessThan(10);
    expect(calls.at(-1)).toEqual(['c']);
  });

  it('with a later version stops before it', async () => {
    const { end, calls } = await handled(batchOf('a', 'v2', 'c'), { v2: () => new UnknownVersion('v2') });
    expect(end).toMatchObject({ handled: 1, stopped: { name: 'UnknownVersion' } });
    expect(calls.at(-1)).toEqual(['v2']);
  });

  it("with an unforeseen error is a dead letter whose headers hold the error's name and place, not its text", async () => {
    const { end, published } = await handled(batchOf('bug'), { bug: () => new RangeError('+33600000004') });
    expect(end).toEqual({ handled: 1 });
    expect(published[0]?.headers['dead-reason']).toMatch(/^RangeError at .*handle-batch\.spec/);
    expect(published[0]?.headers['dead-stage']).toBe('handler');
    expect(JSON.stringify(published[0]?.headers)).not.toContain('+336');
    expect(published[0]?.headers['dead-reason']).not.toContain(import.meta.dirname);
  });

  it('stays where it is while the log does not take the dead letter', async () => {
    let refusals = 2;
    const published: OutgoingMessage[] = [];
    const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
      if (refusals-- > 0) throw new PublishFailed('away');
      published.push(...messages);
    };
    const { end, calls } = await handled(batchOf('bad'), { bad: () => new PoisonMessage('contract', 'x') }, { publish });
    expect([end, calls.length, published.length]).toEqual([{ handled: 1 }, 3, 1]);
  });

  it('whose subscription closes ends at once with what is handled, also in the middle of a pause', async () => {
    const abort = new AbortController();
    const failures = { b: () => new TransientFailure('store', 'away') };
    setTimeout(() => abort.abort(), 20);
    const { end } = await handled(batchOf('a', 'b'), failures, { signal: abort.signal, backoff: { firstMs: 60_000, maxMs: 60_000 } });
    expect(end).toEqual({ handled: 0 });
  });
});
