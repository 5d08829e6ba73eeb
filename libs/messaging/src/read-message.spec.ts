import { PoisonMessage, UnknownVersion } from './failures.js';
import type { IncomingMessage } from './messaging.js';
import { readMessage, type ReadableContract } from './read-message.js';

type Greeting = { text: string };
const contract: ReadableContract<Greeting> = {
  topic: 'kwota.greetings.v1',
  audience: 'work',
  read: (value, ceType) => {
    if (ceType === 'later') return { unknownType: ceType };
    const message = JSON.parse(value) as Greeting;
    return typeof message.text === 'string' ? { message } : { violation: 'text: invalid_type' };
  },
};
const incoming = (more: Partial<IncomingMessage>): IncomingMessage => ({ topic: contract.topic, key: 'a', value: '{"text":"hello"}', headers: {}, partition: 0, offset: 1, timestampMs: 0, ...more });

describe('a message is read', () => {
  it('from its text by its contract', () => expect(readMessage(contract, incoming({}))).toEqual({ text: 'hello' }));

  it('not again where its content came with it', () => {
    const content = { text: 'hello' };
    expect(readMessage(contract, incoming({ value: 'never looked at', content }))).toBe(content);
  });

  it('or is poison where it breaks its contract, or has no value', () => {
    expect(() => readMessage(contract, incoming({ value: '{"text":1}' }))).toThrow(PoisonMessage);
    expect(() => readMessage(contract, incoming({ value: null, content: {} }))).toThrow(PoisonMessage);
  });

  it('of a later version stops work, and is left out among facts', () => {
    const later = incoming({ headers: { ce_type: 'later' } });
    expect(() => readMessage(contract, later)).toThrow(UnknownVersion);
    expect(readMessage({ ...contract, audience: 'facts' }, later)).toBeUndefined();
  });
});
