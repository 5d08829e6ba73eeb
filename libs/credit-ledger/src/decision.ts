import type { CommandRefused, CreditEvent, EventContext, MessageId, MilliCredits } from './credit-events.js';

/** A refusal is a value with an ordered code, never thrown; what the caller needs to say so to a person stands beside it. */
export type Refusal<Code extends string = string> = Readonly<{ code: Code; leftMilliCredits: MilliCredits; largestMilliCredits?: MilliCredits | undefined }>;

/** What a command led to. With `repeated`, no event: the outcome is what it was the first time. */
export type Decision<Code extends string = string> =
  | Readonly<{ events: readonly CreditEvent[]; refusal?: undefined }>
  | Readonly<{ events: readonly CommandRefused[]; refusal: Refusal<Code> }>;

/** The answer to a submission that is held; a repeat gets the first one's. */
export type Held = Readonly<{
  messageIds: readonly MessageId[];
  takenMilliCredits: MilliCredits;
  leftMilliCredits: MilliCredits;
  heldAtMs: number;
  /** `submission`: the same ids came before. `client-key`: other ids under a known key, which stand for the first ones. */
  repeats: 'nothing' | 'submission' | 'client-key';
}>;
export type HoldDecision<Code extends string = string> =
  | Readonly<{ events: readonly CreditEvent[]; held: Held; refusal?: undefined }>
  | Readonly<{ events: readonly CommandRefused[]; refusal: Refusal<Code>; held?: undefined }>;

export type DecisionContext = Pick<EventContext, 'timeMs' | 'commandId'> &
  Readonly<{
    /** The log gives this command again. */
    alreadyApplied?: boolean;
  }>;

export const nothingChanges: Decision<never> = { events: [] };
