import type { CreditEvent, GrantId, MilliCredits, UserId } from './credit-events.js';

/** pool, quota:<userId>, holds, consumed, purchased, adjustments, transfers: where credit comes from is negative, where it lies positive. */
export type PostingAccount = 'pool' | `quota:${string}` | 'holds' | 'consumed' | 'purchased' | 'adjustments' | 'transfers';
export type Posting = Readonly<{ account: PostingAccount; amountMilliCredits: MilliCredits }>;

const move = (from: PostingAccount, to: PostingAccount, amountMilliCredits: MilliCredits): readonly Posting[] =>
  amountMilliCredits === 0 ? [] : [{ account: from, amountMilliCredits: -amountMilliCredits }, { account: to, amountMilliCredits }];

const purse = ({ userId, grantId }: { userId: UserId | null; grantId: GrantId | null }): PostingAccount =>
  userId === null || grantId === null ? 'pool' : `quota:${userId}`;

/** An event as double entry: its postings sum to zero, and all of a stream's sum to the account's balances. Events that move no money have none. */
export const postingsOf = (event: CreditEvent): readonly Posting[] => {
  switch (event.type) {
    case 'CreditsPurchased':
      return move('purchased', 'pool', event.amountMilliCredits);
    case 'CreditsAdjusted':
      return move('adjustments', 'pool', event.amountMilliCredits);
    case 'CreditsTransferredOut':
      return move('pool', 'transfers', event.amountMilliCredits);
    case 'CreditsTransferredIn':
    case 'CreditsTransferReturned':
      return move('transfers', 'pool', event.amountMilliCredits);
    case 'QuotaAllocated':
      return move('pool', `quota:${event.userId}`, event.amountMilliCredits);
    case 'QuotaChanged':
      return move('pool', `quota:${event.userId}`, event.toMilliCredits - event.fromMilliCredits);
    case 'QuotaReturned':
      return move(`quota:${event.userId}`, 'pool', event.amountMilliCredits);
    case 'UserClosed':
      return move(`quota:${event.userId}`, 'pool', event.returnedMilliCredits);
    case 'CreditsHeld':
      return move(purse(event), 'holds', event.amountMilliCredits);
    case 'CreditsCaptured':
      return move('holds', 'consumed', event.amountMilliCredits);
    case 'CreditsReleased':
      return move('holds', purse(event), event.amountMilliCredits);
    case 'CreditsRefunded':
      return move('consumed', purse(event), event.amountMilliCredits);
    case 'CaptureCorrected':
      return move(purse(event), 'consumed', event.amountMilliCredits);
    default:
      return [];
  }
};
