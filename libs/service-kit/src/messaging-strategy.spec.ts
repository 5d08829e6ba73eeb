import type { IncomingMessage } from '@kwota/messaging';
import { PoisonMessage, TransientFailure } from '@kwota/messaging/failures';
import type { ReadableContract } from '@kwota/messaging/read-message';
import { repliesTopic } from '@kwota/messaging/requests';
import { Controller, Module } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { LogInMemory } from './log-in-memory.js';
import { createLogger } from './logger.js';
import { OnBroadcast, OnMessages, OnMessagesAndTombstones, OnRequest, type Received, type ReceivedOrTombstone } from './messaging-strategy.js';
import { ServiceUnavailable, RequestClient } from './request-client.js';
import { startService, type RunningService } from './service.js';

type Fact = { text: string };

const contract = (topic: string, audience: 'work' | 'facts' = 'work'): ReadableContract<Fact> => ({
  topic,
  audience,
  read: (value, ceType) => {
    if (ceType === 'later') return { unknownType: ceType };
    const message = JSON.parse(value) as Fact;
    return typeof message.text === 'string' ? { message } : { violation: 'text: invalid_type' };
  },
});
const work = contract('kwota.work.v1');
const facts = contract('kwota.facts.v1', 'facts');
const users = contract('kwota.users.v1', 'facts');

const greet = {
  service: 'greeter',
  name: 'greet',
  topic: 'kwota.requests.greeter.v1',
  type: 'kwota.requests.greeter.greet.v1',
  readRequest: (value: string): { message: Fact } | { violation: string } => {
    const message = JSON.parse(value) as Fact;
    return typeof message.text === 'string' ? { message } : { violation: 'text: invalid_type' };
  },
  reply: (body: object) => ({ value: JSON.stringify(body), headers: {} }),
  message: (request: object, { id, source }: { id: string; source: string }) => ({
    topic: greet.topic,
    key: 'account-a',
    value: JSON.stringify(request),
    headers: { ce_id: id, ce_source: source, ce_type: greet.type },
  }),
  readReply: (value: string) => ({ message: JSON.parse(value) as { outcome: string; text?: string } }),
};

const handled: string[] = [];
const note = (where: string, batch: readonly ReceivedOrTombstone<Fact>[]): void => void handled.push(`${where} ${batch.map(({ message }) => message?.text ?? '†').join(' ')}`);
let storeAway = 0;

@Controller()
class GreeterController {
  @OnMessages(work)
  async onWork(batch: readonly Received<Fact>[]): Promise<void> {
    if (storeAway-- > 0) throw new TransientFailure('store', 'away');
    if (batch.some(({ message }) => message.text === 'poison')) throw new PoisonMessage('handler', 'account: unknown');
    note('work', batch);
  }

  @OnBroadcast(facts)
  async onFacts(batch: readonly ReceivedOrTombstone<Fact>[]): Promise<void> {
    note('facts', batch);
  }

  @OnMessagesAndTombstones(users)
  async onUsers(batch: readonly ReceivedOrTombstone<Fact>[]): Promise<void> {
    note('users', batch);
  }

  @OnRequest(greet)
  async greet(@Payload() { text }: Fact, @Ctx() incoming: IncomingMessage): Promise<object> {
    if (text === 'bug') throw new RangeError('+33600000004 is out of range');
    if (text === 'away') throw new TransientFailure('store', 'away');
    return { outcome: 'done', text: `${text}, ${incoming.key}` };
  }
}
@Module({ controllers: [GreeterController] })
class GreeterModule {}

const logged: string[] = [];
let log: LogInMemory;
let service: RunningService;
let client: RequestClient;

beforeEach(async () => {
  handled.length = 0;
  logged.length = 0;
  storeAway = 0;
  log = new LogInMemory();
  const logger = createLogger('test', 'error', { write: (line) => void logged.push(line) });
  service = await startService({ module: GreeterModule }, { name: 'greeter', messaging: log, logger });
  client = await RequestClient.start(log, 'asker', 200);
});
afterEach(async () => {
  await client.close();
  await service.close();
});

const publish = async (topic: string, values: readonly (object | null)[], headers: Record<string, string> = {}): Promise<void> => {
  await log.publish(values.map((value) => ({ topic, key: 'account-a', value: value && JSON.stringify(value), headers })));
  await log.drain();
};
const texts = (...all: string[]): Fact[] => all.map((text) => ({ text }));
const deadLetters = () => log.published.filter(({ topic }) => topic.endsWith('.dead')).map(({ value, headers }) => [value, headers['dead-stage'], headers['dead-reason']]);

describe('a handler of messages', () => {
  it('gets what is there in one call, in the group of its service', async () => {
    await publish(work.topic, texts('a', 'b', 'c'));
    expect(handled).toEqual(['work a b c']);
    expect(log.subscribersOf(work.topic)).toEqual(['kwota.greeter shared']);
    expect(log.subscribersOf(facts.topic)).toEqual(['kwota.greeter broadcast']);
  });

  it('that finds its store away gets them again, as often as it takes', async () => {
    storeAway = 5;
    await publish(work.topic, texts('a', 'b'));
    expect(handled).toEqual(['work a b']);
    expect(deadLetters()).toEqual([]);
  });

  it('whose message is at fault has that one put aside with its stage and reason, also through Nest', async () => {
    await publish(work.topic, texts('a', 'poison', 'c'));
    expect(handled).toEqual(['work a', 'work c']);
    expect(deadLetters()).toEqual([['{"text":"poison"}', 'handler', 'account: unknown']]);
  });

  it('never sees what breaks its contract', async () => {
    await publish(work.topic, [{ text: 'a' }, { text: 7 }, { text: 'c' }]);
    expect(handled).toEqual(['work a', 'work c']);
    expect(deadLetters()).toEqual([['{"text":7}', 'contract', 'text: invalid_type']]);
  });

  it('of facts does not see those of a later version', async () => {
    await publish(facts.topic, texts('later'), { ce_type: 'later' });
    await publish(facts.topic, texts('now'));
    expect(handled).toEqual(['facts now']);
  });

  it('gets tombstones where it asked for them; elsewhere they are dead letters', async () => {
    await publish(users.topic, [{ text: 'anna' }, null]);
    await publish(work.topic, [null]);
    expect(handled).toEqual(['users anna †']);
    expect(deadLetters()).toEqual([[null, 'contract', 'a tombstone on a topic without them']]);
  });
});

describe('a request', () => {
  it('is answered with what the handler returns', async () => {
    expect(await client.ask(greet, { text: 'hello' })).toEqual({ outcome: 'done', text: 'hello, account-a' });
  });

  it.each([
    ['that the handler has a bug for', { text: 'bug' }],
    ['whose service finds its store away', { text: 'away' }],
    ['that breaks its contract', { text: 7 }],
  ])('%s fails at once instead of at the deadline', async (_, request) => {
    await expect(client.ask(greet, request, { timeoutMs: 60_000 })).rejects.toThrow(new ServiceUnavailable('greeter/greet: failed'));
    expect(log.published.filter(({ topic }) => topic === repliesTopic)).toHaveLength(1);
    expect(deadLetters()).toEqual([]);
  });

  it('that fails leaves its place in the log lines, not what was in it', async () => {
    await expect(client.ask(greet, { text: 'bug' })).rejects.toThrow(ServiceUnavailable);
    expect(logged.join()).toContain('messaging-strategy.spec');
    expect(logged.join()).not.toContain('+336');
  });

  it('of a later version is answered as failed', async () => {
    await expect(client.ask({ ...greet, message: (body: object, metadata) => ({ ...greet.message(body, metadata), headers: { ...greet.message(body, metadata).headers, ce_type: 'later' } }) }, { text: 'x' })).rejects.toThrow('failed');
  });

  it('that nobody answers is given up at its deadline, naming the service and nothing of the request', async () => {
    await expect(client.ask({ ...greet, service: 'nobody', message: (body: object, metadata) => ({ ...greet.message(body, metadata), topic: 'kwota.requests.nobody.v1' }) }, { text: '+33600000004' })).rejects.toThrow(
      new ServiceUnavailable('nobody/greet: no reply within 200 ms'),
    );
  });

  it('that the log does not take is unavailable at once', async () => {
    log.failures = 1;
    await expect(client.ask(greet, { text: 'hello' }, { timeoutMs: 60_000 })).rejects.toThrow(ServiceUnavailable);
  });
});

it('two handlers of one topic in a service are refused at the start: a failure of one would repeat both', async () => {
  @Controller()
  class One {
    @OnMessages(work)
    async handle(): Promise<void> {}
  }
  @Controller()
  class Other {
    @OnMessages(work)
    async handle(): Promise<void> {}
  }
  @Module({ controllers: [One, Other] })
  class TwiceModule {}
  const { subscribed, close } = await startService({ module: TwiceModule }, { name: 'twice', messaging: new LogInMemory(), logger: createLogger('test', 'error', { write: () => undefined }) });
  await expect(subscribed).rejects.toThrow('twice');
  await close();
});
