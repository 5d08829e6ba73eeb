import type { ClientKey, MessageId, MilliCredits, SpendingSource, UserId } from './credit-events.js';

export type MessageToHold = Readonly<{ messageId: MessageId; parts: number; destination: string; amountMilliCredits: MilliCredits }>;

/** One submission: all its messages are held, or none. */
export type HoldCredits = Readonly<{
  type: 'HoldCredits';
  userId: UserId | null;
  messages: readonly MessageToHold[];
  rateVersion: number;
  source: SpendingSource;
  settleByMs: number;
  /** SHA-256 of what was submitted but for deadline, reply-to and trace: the same ids with another content are a conflict. */
  fingerprint: string;
  clientKey?: ClientKey | undefined;
  /** Past it nobody waits any more. It saves work; no rule rests on it. */
  deadlineMs?: number | undefined;
  /** The log gives this message again: it may repeat its outcome, never have a new one. */
  alreadyApplied?: boolean;
}>;
export type WithdrawMessages = Readonly<{ type: 'WithdrawMessages'; messageIds: readonly MessageId[] }>;

export type PartOutcome = Readonly<{ ptt: number; dlr: number }>;
/** A message's final state, by part. `silent`: made without a receipt; then `submitted` says whether the carrier had taken it. */
export type SettleCharge = Readonly<{
  type: 'SettleCharge';
  messageId: MessageId;
  parts: readonly PartOutcome[];
  silent: boolean;
  submitted: boolean;
}>;

export type OpenAccount = Readonly<{ type: 'OpenAccount' }>;
export type FreezeAccount = Readonly<{ type: 'FreezeAccount' }>;
export type ThawAccount = Readonly<{ type: 'ThawAccount' }>;
export type CloseAccount = Readonly<{ type: 'CloseAccount' }>;
export type PurchaseCredits = Readonly<{ type: 'PurchaseCredits'; reference: string; amountMilliCredits: MilliCredits }>;
export type AdjustCredits = Readonly<{
  type: 'AdjustCredits';
  reference: string;
  reasonCode: string;
  by: string;
  amountMilliCredits: MilliCredits;
}>;
export type TransferCredits = Readonly<{ type: 'TransferCredits'; transferId: string; toAccount: string; amountMilliCredits: MilliCredits }>;
export type ReceiveTransfer = Readonly<{ type: 'ReceiveTransfer'; transferId: string; fromAccount: string; amountMilliCredits: MilliCredits }>;
export type ReturnTransfer = Readonly<{ type: 'ReturnTransfer'; transferId: string }>;
export type OpenUser = Readonly<{ type: 'OpenUser'; userId: UserId }>;
export type CloseUser = Readonly<{ type: 'CloseUser'; userId: UserId }>;
/** What the user shall have left, or its quota off. */
export type SetQuota = Readonly<{ type: 'SetQuota'; userId: UserId; active: boolean; leftMilliCredits: MilliCredits }>;
export type SetThreshold = Readonly<{ type: 'SetThreshold'; userId: UserId | null; levelMilliCredits: MilliCredits | null }>;
export type SetRecreditThreshold = Readonly<{ type: 'SetRecreditThreshold'; levelMilliCredits: MilliCredits | null }>;
/** Ends the holds that are due by `untilMs`, at most `limit` of them. */
export type Tick = Readonly<{ type: 'Tick'; untilMs: number; limit: number }>;

export type CreditCommand =
  | HoldCredits
  | WithdrawMessages
  | SettleCharge
  | OpenAccount
  | FreezeAccount
  | ThawAccount
  | CloseAccount
  | PurchaseCredits
  | AdjustCredits
  | TransferCredits
  | ReceiveTransfer
  | ReturnTransfer
  | OpenUser
  | CloseUser
  | SetQuota
  | SetThreshold
  | SetRecreditThreshold
  | Tick;
