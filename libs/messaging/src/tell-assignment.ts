import { defaultBackoff, pause, pauseMs, type Backoff } from './handle-batch.js';
import type { Assignment, AssignmentListener } from './messaging.js';

export type TellingOptions = Readonly<{ signal: AbortSignal; backoff?: Backoff; onRetry?: (error: unknown) => void }>;

/** Tells a listener its partitions, again after a pause where it fails, for as long as it takes. False: the signal came first. */
export const tellAssignment = async (listener: AssignmentListener, assignment: Assignment, options: TellingOptions): Promise<boolean> => {
  const { signal, backoff = defaultBackoff, onRetry } = options;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await listener(assignment);
      return !signal.aborted;
    } catch (error) {
      onRetry?.(error);
      await pause(pauseMs(backoff, attempt), signal);
    }
  }
  return false;
};
