// What an account remembers, so that what comes again gets its first outcome: submissions, refusals, client keys.
import { chargeOf, clientKeyOf, clientKeyValidMs, incomingTransfer, type CreditAccount, type HeldSubmission } from './credit-account.js';
import type { CommandRefused, CreditsHeld, EventContext, MessageId } from './credit-events.js';
import type { RecentMap } from './recent-map.js';

/** What makes room for it is too old from now on. */
export const remember = <Value>(account: CreditAccount, known: RecentMap<MessageId, Value>, messageId: MessageId, value: Value): void => {
  const forgotten = known.set(messageId, value);
  if (forgotten) account.forgottenIds.forget(forgotten.keys());
};

export const openSubmission = (account: CreditAccount, { userId, clientKey, fingerprint = '' }: CreditsHeld, timeMs: number): HeldSubmission => {
  const submission: HeldSubmission = {
    outcome: 'held',
    messageIds: [],
    fingerprint,
    heldAtMs: timeMs,
    takenMilliCredits: 0,
    leftMilliCredits: 0,
    withdrawn: false,
  };
  if (clientKey) {
    rotateClientKeys(account, timeMs);
    account.clientKeys.set(clientKeyOf(userId, clientKey), { bodyDigest: clientKey.bodyDigest, atMs: timeMs, submission });
  }
  return submission;
};

const rotateClientKeys = (account: CreditAccount, timeMs: number): void => {
  if (timeMs - account.clientKeysSinceMs < clientKeyValidMs) return;
  account.clientKeys.rotate();
  account.clientKeysSinceMs = timeMs;
};

/** What is refused never takes the place of what its ids led to before. */
export const refuse = (account: CreditAccount, event: CommandRefused, { timeMs, commandId }: EventContext): void => {
  const { code, leftMilliCredits, largestMilliCredits, messageIds, fingerprint, clientKey, userId = null, transferId, fromAccount } = event;
  if (event.command !== 'HoldCredits') {
    const refusal = { code, leftMilliCredits, largestMilliCredits };
    account.commands.set(commandId, { digest: undefined, refusal });
    if (transferId !== undefined && fromAccount !== undefined) account.transfersRefused.set(incomingTransfer({ fromAccount, transferId }), refusal);
    return;
  }
  const refused = { outcome: 'refused', fingerprint, code, leftMilliCredits } as const;
  const first = messageIds?.[0];
  if (first !== undefined && !chargeOf(account, first) && !account.refusedSubmissions.has(first)) remember(account, account.refusedSubmissions, first, refused);
  if (clientKey) {
    rotateClientKeys(account, timeMs);
    account.clientKeys.set(clientKeyOf(userId, clientKey), { bodyDigest: clientKey.bodyDigest, atMs: timeMs, submission: refused });
  }
};
