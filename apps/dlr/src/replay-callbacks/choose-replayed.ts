// Which of a message's callbacks may be sent again. Pure.
import { callbackState, type CallbackState } from '../send-callbacks/callback-queue.repository.js';

type Callback = Readonly<{ sequence: number; final: boolean; state: CallbackState }>;

/**
 * Of one message, in order. What an endpoint was told of later, or is about to be, makes an earlier one pointless, and so does a final that is
 * sent again (DESIGN §6).
 */
export const chooseReplayed = <One extends Callback>(callbacks: readonly One[]): { replayed: One[]; superseded: One[] } => {
  const dead = callbacks.filter(({ state }) => state === callbackState.dead);
  const lastTold = callbacks.findLast(({ state }) => state === callbackState.delivered || state === callbackState.waiting || state === callbackState.taken);
  const lastFinal = dead.findLast(({ final }) => final);
  const first = Math.max((lastTold?.sequence ?? 0) + 1, lastFinal?.sequence ?? 0);
  return { replayed: dead.filter(({ sequence }) => sequence >= first), superseded: dead.filter(({ sequence }) => sequence < first) };
};
