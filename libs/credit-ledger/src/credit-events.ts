/** Money is an integer count of milli-credits everywhere inside, so that no sum ever rounds. */
export type MilliCredits = number;
/** Opaque, new at each creation of an API user. */
export type UserId = string;
/** Below 2^53, growing with time. */
export type MessageId = number;
/** One allocation of a quota, new each time that it is switched on. */
export type GrantId = string;

export type SpendingSource = 'http2sms' | 'rest' | 'alert' | 'answer';

/** What a submission was, in SHA-256 alone: a client's own key may be free text. */
export type ClientKey = Readonly<{ keyDigest: string; bodyDigest: string }>;

export type AccountOpened = Readonly<{ type: 'AccountOpened' }>;
export type AccountFrozen = Readonly<{ type: 'AccountFrozen' }>;
export type AccountThawed = Readonly<{ type: 'AccountThawed' }>;
export type AccountClosed = Readonly<{ type: 'AccountClosed' }>;
export type CreditsPurchased = Readonly<{ type: 'CreditsPurchased'; reference: string; amountMilliCredits: MilliCredits }>;
/** Signed: a correction by the operator. `by` is an id, never a name. */
export type CreditsAdjusted = Readonly<{
  type: 'CreditsAdjusted';
  reference: string;
  reasonCode: string;
  by: string;
  amountMilliCredits: MilliCredits;
}>;
export type CreditsTransferredOut = Readonly<{
  type: 'CreditsTransferredOut';
  transferId: string;
  toAccount: string;
  amountMilliCredits: MilliCredits;
}>;
export type CreditsTransferredIn = Readonly<{
  type: 'CreditsTransferredIn';
  transferId: string;
  fromAccount: string;
  amountMilliCredits: MilliCredits;
}>;
/** The other account refused: what went out is back in the pool. */
export type CreditsTransferReturned = Readonly<{ type: 'CreditsTransferReturned'; transferId: string; amountMilliCredits: MilliCredits }>;
export type UserOpened = Readonly<{ type: 'UserOpened'; userId: UserId }>;
export type UserClosed = Readonly<{ type: 'UserClosed'; userId: UserId; returnedMilliCredits: MilliCredits }>;
export type QuotaAllocated = Readonly<{ type: 'QuotaAllocated'; userId: UserId; grantId: GrantId; amountMilliCredits: MilliCredits }>;
export type QuotaChanged = Readonly<{
  type: 'QuotaChanged';
  userId: UserId;
  grantId: GrantId;
  fromMilliCredits: MilliCredits;
  toMilliCredits: MilliCredits;
}>;
/** Switched off: the rest is back in the pool. */
export type QuotaReturned = Readonly<{ type: 'QuotaReturned'; userId: UserId; grantId: GrantId; amountMilliCredits: MilliCredits }>;

export type CreditsHeld = Readonly<{
  type: 'CreditsHeld';
  messageId: MessageId;
  /** The first message's id: all of a submission share it. */
  submissionId: MessageId;
  userId: UserId | null;
  /** null: held from the pool. */
  grantId: GrantId | null;
  parts: number;
  /** The rate's prefix alone, never the number. */
  destination: string;
  rateVersion: number;
  amountMilliCredits: MilliCredits;
  /** Of the quota where it paid, else of the pool, after this hold. */
  leftMilliCredits: MilliCredits;
  source: SpendingSource;
  /** Long after the validity: without a final by then the ledger itself ends the hold. */
  settleByMs: number;
  /** The submission's, on its first message alone. */
  fingerprint?: string;
  clientKey?: ClientKey;
}>;
/** A part or all of a hold is spent. `silent`: no receipt came; a real one corrects it once. */
export type CreditsCaptured = Readonly<{
  type: 'CreditsCaptured';
  messageId: MessageId;
  amountMilliCredits: MilliCredits;
  billingPolicyVersion: number;
  silent: boolean;
}>;
/** A part or all of a hold is free again: in the grant that it came from, or in the pool (grantId null) when that one has ended. */
export type CreditsReleased = Readonly<{
  type: 'CreditsReleased';
  messageId: MessageId;
  amountMilliCredits: MilliCredits;
  userId: UserId | null;
  grantId: GrantId | null;
  reason: 'not-billed' | 'withdrawn' | 'no-outcome';
  silent: boolean;
}>;
/** Money back after its capture, never more than was captured. */
export type CreditsRefunded = Readonly<{
  type: 'CreditsRefunded';
  messageId: MessageId;
  amountMilliCredits: MilliCredits;
  userId: UserId | null;
  grantId: GrantId | null;
  reason: 'withdrawn' | 'receipt-after-silence';
}>;
/** A real receipt after a silent final: what was due but not charged is taken as far as credit is left, never below zero. */
export type CaptureCorrected = Readonly<{
  type: 'CaptureCorrected';
  messageId: MessageId;
  dueMilliCredits: MilliCredits;
  amountMilliCredits: MilliCredits;
  userId: UserId | null;
  grantId: GrantId | null;
  billingPolicyVersion: number;
}>;
/** Withdrawn before the submission came: it will be refused. */
export type MessagesWithdrawn = Readonly<{ type: 'MessagesWithdrawn'; messageIds: readonly MessageId[] }>;

/** A refusal is recorded, so that it stays one: also when its command comes again. */
export type CommandRefused = Readonly<{
  type: 'CommandRefused';
  command: string;
  code: string;
  leftMilliCredits: MilliCredits;
  messageIds?: readonly MessageId[];
  userId?: UserId | null;
  fingerprint?: string;
  clientKey?: ClientKey;
  transferId?: string;
  fromAccount?: string;
  largestMilliCredits?: MilliCredits;
  amountMilliCredits?: MilliCredits;
}>;
/** userId null: the account's own level, over its pool; level null: switched off. */
export type ThresholdSet = Readonly<{ type: 'ThresholdSet'; userId: UserId | null; levelMilliCredits: MilliCredits | null }>;
export type ThresholdCrossed = Readonly<{
  type: 'ThresholdCrossed';
  crossingId: string;
  userId: UserId | null;
  levelMilliCredits: MilliCredits;
  leftMilliCredits: MilliCredits;
  /** A debit made by an alert SMS fires mail alerts only. */
  causedBy: SpendingSource | 'threshold-set';
}>;
export type ThresholdRearmed = Readonly<{ type: 'ThresholdRearmed'; userId: UserId | null; levelMilliCredits: MilliCredits }>;
/** The pool's level at which the account is to be topped up (OVH: creditThresholdForAutomaticRecredit); null: switched off. */
export type RecreditThresholdSet = Readonly<{ type: 'RecreditThresholdSet'; levelMilliCredits: MilliCredits | null }>;
/** Somebody who sells credits may now add some: once for each time that the pool falls to the level. */
export type RecreditThresholdReached = Readonly<{ type: 'RecreditThresholdReached'; reachedId: string; levelMilliCredits: MilliCredits; leftMilliCredits: MilliCredits }>;
export type RecreditThresholdRearmed = Readonly<{ type: 'RecreditThresholdRearmed'; levelMilliCredits: MilliCredits }>;
export type Ticked = Readonly<{ type: 'Ticked'; untilMs: number }>;

/** All that can happen to one SMS account's credit. Ids only, joined with names at display: erasing a person never touches the chain. */
export type CreditEvent =
  | AccountOpened
  | AccountFrozen
  | AccountThawed
  | AccountClosed
  | CreditsPurchased
  | CreditsAdjusted
  | CreditsTransferredOut
  | CreditsTransferredIn
  | CreditsTransferReturned
  | UserOpened
  | UserClosed
  | QuotaAllocated
  | QuotaChanged
  | QuotaReturned
  | CreditsHeld
  | CreditsCaptured
  | CreditsReleased
  | CreditsRefunded
  | CaptureCorrected
  | MessagesWithdrawn
  | CommandRefused
  | ThresholdSet
  | ThresholdCrossed
  | ThresholdRearmed
  | RecreditThresholdSet
  | RecreditThresholdReached
  | RecreditThresholdRearmed
  | Ticked;

/** Where in the log the message was that led to an event. */
export type SourcePosition = Readonly<{ topic: string; partition: number; offset: number }>;

/** What stands around every event; the audit format stores it beside the data. */
export type EventContext = Readonly<{
  /** The ledger's time: stamped once a batch, never back within a stream. */
  timeMs: number;
  commandId: string;
  source?: SourcePosition | undefined;
}>;
