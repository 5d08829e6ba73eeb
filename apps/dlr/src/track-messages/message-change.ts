import type { MessageState } from '../message-state/message-state.js';

export type MessageAddress = Readonly<{ messageId: number; account: string; userId: string | null }>;
/** A message's state moved, and whoever follows it is told. */
export type MessageChange = Readonly<{ address: MessageAddress; state: MessageState; atMs: number }>;
