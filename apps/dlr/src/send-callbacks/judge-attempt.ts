// What an attempt means for its callback (OVH.md 9). Pure.
import type { CallbackAnswer } from './callback.client.js';

export type Verdict =
  | Readonly<{ kind: 'delivered' }>
  | Readonly<{ kind: 'again'; inMs: number }>
  | Readonly<{ kind: 'dead' }>
  /** 410: the endpoint is gone for good. */
  | Readonly<{ kind: 'switched-off' }>;

const gone = 410;
/** So that many callbacks that failed together do not come back together: ±20 %. */
const jitterShare = 0.2;

export type JudgedAttempt = Readonly<{
  answer: Pick<CallbackAnswer, 'status' | 'retryAfter'>;
  /** How many attempts there were, this one included. */
  attempts: number;
  retryScheduleMs: readonly number[];
  /** From 0 to 1. */
  random: number;
  nowMs: number;
}>;

/** Any 2xx is received; redirects are failures; after the last pause of the schedule it is dead. Retry-After counts within [d, 2d]. */
export const judgeAttempt = ({ answer, attempts, retryScheduleMs, random, nowMs }: JudgedAttempt): Verdict => {
  const { status, retryAfter } = answer;
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === gone) return { kind: 'switched-off' };
  const pauseMs = retryScheduleMs[attempts - 1];
  if (pauseMs === undefined) return { kind: 'dead' };
  const wishedMs = retryAfter === undefined ? undefined : retryAfterMs(retryAfter, nowMs);
  if (wishedMs !== undefined) return { kind: 'again', inMs: Math.min(Math.max(wishedMs, pauseMs), 2 * pauseMs) };
  return { kind: 'again', inMs: Math.round(pauseMs * (1 - jitterShare + 2 * jitterShare * random)) };
};

/** RFC 9110, 10.2.3: seconds or a date; undefined for anything else. */
const retryAfterMs = (text: string, nowMs: number): number | undefined => {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs - nowMs;
};
