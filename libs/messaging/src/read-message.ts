import { PoisonMessage, UnknownVersion } from './failures.js';
import type { IncomingMessage } from './messaging.js';

/** The part of a topic's contract that reading needs; `@kwota/contracts/define-topic` has the whole. */
export type ReadableContract<Message> = Readonly<{
  topic: string;
  audience: 'work' | 'facts';
  read: (value: string, ceType: string | undefined) => { readonly message: Message } | { readonly unknownType: string } | { readonly violation: string };
}>;

/**
 * Reads one message by its contract; what came with its content was made by it, of this version, and is not read again. Undefined: a fact of a later version, which a reader may skip.
 * @throws UnknownVersion on a work topic, where nothing may be skipped; PoisonMessage where the message breaks its contract.
 */
export const readMessage = <Message>(contract: ReadableContract<Message>, incoming: IncomingMessage): Message | undefined => {
  if (incoming.value === null) throw new PoisonMessage('contract', 'a tombstone on a topic without them');
  if (incoming.content !== undefined) return incoming.content as Message;
  const result = contract.read(incoming.value, incoming.headers['ce_type']);
  if ('message' in result) return result.message;
  if ('violation' in result) throw new PoisonMessage('contract', result.violation);
  if (contract.audience === 'facts') return undefined;
  throw new UnknownVersion(`${contract.topic} carries ${result.unknownType}, which this version does not know`);
};
