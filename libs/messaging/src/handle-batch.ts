import { PoisonMessage, PublishFailed, RequestTimedOut, TransientFailure, UnknownVersion } from './failures.js';
import { deadLetterTopicOf, type BatchHandler, type IncomingMessage, type OutgoingMessage } from './messaging.js';

/** What becomes of a message whose handler failed. */
export type Disposition = 'retry' | 'dead-letter' | 'stop';

/** An error that nobody foresaw may pass, or may be a bug: after this many attempts it counts as one. */
export const unforeseenAttemptsMax = 8;

export const dispositionOf = (error: unknown, attempt: number): Disposition => {
  if (error instanceof PoisonMessage) return 'dead-letter';
  if (error instanceof UnknownVersion) return 'stop';
  if (isTransient(error)) return 'retry';
  return attempt >= unforeseenAttemptsMax ? 'dead-letter' : 'retry';
};

const isTransient = (error: unknown): boolean =>
  error instanceof TransientFailure || error instanceof PublishFailed || error instanceof RequestTimedOut;

export type Backoff = Readonly<{ firstMs: number; maxMs: number }>;
export const defaultBackoff: Backoff = { firstMs: 100, maxMs: 10_000 };

export type HandleBatchOptions = Readonly<{
  group: string;
  publish: (messages: readonly OutgoingMessage[]) => Promise<void>;
  /** Aborted when the subscription closes: no attempt begins after it. */
  signal: AbortSignal;
  backoff?: Backoff;
  nowMs: () => number;
  /** `attempt` is 0 where the whole batch comes again, or a dead letter was not taken. */
  onRetry?: (error: unknown, message: IncomingMessage, attempt: number) => void;
  onDeadLetter?: (error: unknown, message: IncomingMessage) => void;
}>;

export type BatchEnd =
  /** How many of the batch, from its start, need not come again. */
  | { readonly handled: number; readonly stopped?: undefined }
  /** A later version is needed: the partition stands still before this message. */
  | { readonly handled: number; readonly stopped: UnknownVersion };

/** A store or peer that is away fails every batch alike: the batch comes again whole so often, then its messages one by one. */
const wholeAttemptsMax = 8;

/**
 * Runs one partition's batch to its end, for both adapters. Where a message is at fault the messages go one by one, so that a bad one
 * neither repeats nor holds up more than it must; until the signal, a message is tried again, put among the dead letters, or stops the
 * partition.
 */
export const handleBatch = async (batch: readonly IncomingMessage[], handle: BatchHandler, options: HandleBatchOptions): Promise<BatchEnd> => {
  const whole = batch.length > 1 ? await handleWhole(batch, handle, options) : 'one by one';
  if (whole === 'handled') return { handled: batch.length };
  if (whole === 'aborted') return { handled: 0 };
  for (const [index, message] of batch.entries()) {
    const end = await handleOne(message, handle, options);
    if (end === 'aborted') return { handled: index };
    if (end instanceof UnknownVersion) return { handled: index, stopped: end };
  }
  return { handled: batch.length };
};

const handleWhole = async (batch: readonly IncomingMessage[], handle: BatchHandler, options: HandleBatchOptions): Promise<'handled' | 'aborted' | 'one by one'> => {
  const { signal, onRetry, backoff = defaultBackoff } = options;
  for (let attempt = 1; attempt <= wholeAttemptsMax; attempt += 1) {
    if (signal.aborted) return 'aborted';
    try {
      await handle(batch);
      return 'handled';
    } catch (error) {
      onRetry?.(error, batch[0] as IncomingMessage, 0);
      if (!isTransient(error)) return 'one by one';
      await pause(pauseMs(backoff, attempt), signal);
    }
  }
  return 'one by one';
};

const handleOne = async (message: IncomingMessage, handle: BatchHandler, options: HandleBatchOptions): Promise<'handled' | 'aborted' | UnknownVersion> => {
  const { signal, backoff = defaultBackoff } = options;
  for (let attempt = 1; ; attempt += 1) {
    if (signal.aborted) return 'aborted';
    try {
      await handle([message]);
      return 'handled';
    } catch (error) {
      const disposition = dispositionOf(error, attempt);
      if (disposition === 'stop') return error as UnknownVersion;
      if (disposition === 'dead-letter' && (await isPutAside(error, message, options))) return 'handled';
      options.onRetry?.(error, message, attempt);
      await pause(pauseMs(backoff, attempt), signal);
    }
  }
};

/** False when the log did not take the dead letter: the message stays where it is. */
const isPutAside = async (error: unknown, message: IncomingMessage, { group, publish, nowMs, onDeadLetter, onRetry }: HandleBatchOptions): Promise<boolean> => {
  const { topic, key, value, headers, partition, offset } = message;
  const reason = {
    'dead-reason': error instanceof PoisonMessage ? error.message : nameAndPlace(error),
    'dead-stage': error instanceof PoisonMessage ? error.stage : 'handler',
    'dead-topic': topic,
    'dead-partition': String(partition),
    'dead-offset': String(offset),
    'dead-group': group,
    'dead-at': new Date(nowMs()).toISOString(),
  };
  try {
    await publish([{ topic: deadLetterTopicOf(topic), key, value, headers: { ...headers, ...reason } }]);
  } catch (failure) {
    onRetry?.(failure, message, 0);
    return false;
  }
  onDeadLetter?.(error, message);
  return true;
};

/** An unforeseen error's own text may hold what was in the message; its name and the line it came from do not. */
const nameAndPlace = (error: unknown): string => {
  if (!(error instanceof Error)) return typeof error;
  const place = (error.stack ?? '').split('\n').find((line) => line.startsWith('    at '));
  return place ? `${error.name} ${place.trim().replace(/\(.*[\\/]/, '(')}` : error.name;
};

/** Doubling from the first to the longest. */
export const pauseMs = ({ firstMs, maxMs }: Backoff, attempt: number): number => Math.min(maxMs, firstMs * 2 ** (attempt - 1));

/** Ends early when the signal comes. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
