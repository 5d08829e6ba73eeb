import {
  amountMilliCreditsMax,
  chargeOf,
  clientKeyOf,
  clientKeyValidMs,
  leftTo,
  openHoldsMax,
  submissionOf,
  type CreditAccount,
  type HeldSubmission,
  type RefusedSubmission,
} from './credit-account.js';
import type { HoldCredits } from './credit-commands.js';
import type { CommandRefused, CreditEvent, MilliCredits } from './credit-events.js';
import type { DecisionContext, Held, HoldDecision } from './decision.js';
import { crossedBySpending } from './thresholds.js';

/** Their order is the order of the checks: the same request always gets the same first reason. */
export const holdRefusals = [
  'account-unknown',
  'account-closed',
  'account-frozen',
  'user-unknown',
  'user-closed',
  'key-conflict',
  'conflict',
  'withdrawn',
  'too-late',
  'too-old',
  'price-not-valid',
  'too-many-open-holds',
  'quota-too-low',
  'credit-too-low',
] as const;
export type HoldRefusal = (typeof holdRefusals)[number];

/** Told as a 503, or not about the content: the same key may be tried again. */
const notRememberedByKey: ReadonlySet<HoldRefusal> = new Set(['key-conflict', 'conflict', 'withdrawn', 'too-late', 'too-old']);

type Question = Readonly<{ command: HoldCredits; account: CreditAccount; priceMilliCredits: MilliCredits; known: KnownKey | undefined; isForgotten: boolean; timeMs: number }>;
type KnownKey = Readonly<{ bodyDigest: string; submission: HeldSubmission | RefusedSubmission }>;

const hasGrant = (account: CreditAccount, userId: string | null): boolean => userId !== null && account.users.get(userId)?.grant !== undefined;
const isShort = ({ command, account, priceMilliCredits }: Question): boolean => priceMilliCredits > leftTo(account, command.userId);

const refusalApplies: Record<HoldRefusal, (question: Question) => boolean> = {
  'account-unknown': ({ account }) => account.status === 'not-opened',
  'account-closed': ({ account }) => account.status === 'closed',
  'account-frozen': ({ account }) => account.status === 'frozen',
  'user-unknown': ({ command: { userId }, account }) => userId !== null && !account.users.has(userId) && !account.closedUsers.has(userId),
  'user-closed': ({ command: { userId }, account }) => userId !== null && account.closedUsers.has(userId),
  'key-conflict': ({ command, known }) => known !== undefined && known.bodyDigest !== command.clientKey?.bodyDigest,
  // The first id's submission was looked at before; any other id that is known belongs to another submission.
  conflict: ({ command, account, isForgotten }) =>
    !isForgotten &&
    (submissionOf(account, command.messages[0]?.messageId ?? 0) !== undefined ||
      command.messages.some(({ messageId }) => chargeOf(account, messageId) !== undefined) ||
      (command.messages.length > 1 && new Set(command.messages.map(({ messageId }) => messageId)).size !== command.messages.length)),
  withdrawn: ({ command, account }) => command.messages.some(({ messageId }) => account.withdrawnUnseen.has(messageId)),
  'too-late': ({ command, timeMs }) => command.deadlineMs !== undefined && timeMs > command.deadlineMs,
  // Its outcome, which may have been given once, is no longer known one by one.
  'too-old': ({ command, account, isForgotten }) =>
    isForgotten || command.alreadyApplied === true || command.messages.some(({ messageId }) => account.forgottenIds.has(messageId)),
  'price-not-valid': ({ command, priceMilliCredits }) =>
    priceMilliCredits > amountMilliCreditsMax ||
    command.messages.some(
      ({ amountMilliCredits, parts }) => !Number.isSafeInteger(amountMilliCredits) || amountMilliCredits < 0 || parts < 1 || amountMilliCredits % parts !== 0,
    ),
  'too-many-open-holds': ({ command, account }) => account.openCharges.size + command.messages.length > openHoldsMax,
  'quota-too-low': (question) => isShort(question) && hasGrant(question.account, question.command.userId),
  'credit-too-low': isShort,
};

const refusalsInOrder = holdRefusals.map((code) => [code, refusalApplies[code]] as const);

/**
 * Holds the price of all messages of a submission, or refuses it as a whole (DESIGN §3.2); a charge equal to what is left leaves 0. The money
 * comes from the user's quota where active, else from the pool. A submission or a client key that comes again gets its first outcome.
 */
export const decideHold = (command: HoldCredits, account: CreditAccount, { timeMs }: DecisionContext): HoldDecision<HoldRefusal> => {
  const firstId = command.messages[0]?.messageId ?? 0;
  const first = submissionOf(account, firstId);
  if (first && isSame(first, command)) return repeat(first, 'submission');

  const known = command.clientKey ? knownKey(command, account, timeMs) : undefined;
  let priceMilliCredits = 0;
  for (const { amountMilliCredits } of command.messages) priceMilliCredits += amountMilliCredits;
  const isForgotten = first === undefined && account.forgottenIds.has(firstId);
  const question: Question = { command, account, priceMilliCredits, known, isForgotten, timeMs };
  if (known && known.bodyDigest === command.clientKey?.bodyDigest && !first) return repeat(known.submission, 'client-key');

  for (const [code, applies] of refusalsInOrder) if (applies(question)) return refuse(code, command, account);
  return hold(command, account, priceMilliCredits, timeMs);
};

const isSame = (submission: HeldSubmission | RefusedSubmission, { fingerprint, messages }: HoldCredits): boolean =>
  submission.fingerprint === fingerprint && (submission.outcome === 'refused' || submission.messageIds.length === messages.length);

const knownKey = ({ userId, clientKey }: HoldCredits, account: CreditAccount, timeMs: number): KnownKey | undefined => {
  const known = clientKey && account.clientKeys.get(clientKeyOf(userId, clientKey));
  if (!known || timeMs - known.atMs >= clientKeyValidMs) return undefined;
  return known.submission.outcome === 'held' && known.submission.withdrawn ? undefined : known;
};

const repeat = (submission: HeldSubmission | RefusedSubmission, repeats: Held['repeats']): HoldDecision<HoldRefusal> => {
  if (submission.outcome === 'refused')
    return { events: [], refusal: { code: submission.code as HoldRefusal, leftMilliCredits: submission.leftMilliCredits } };
  const { messageIds, takenMilliCredits, leftMilliCredits, heldAtMs } = submission;
  return { events: [], held: { messageIds, takenMilliCredits, leftMilliCredits, heldAtMs, repeats } };
};

const refuse = (code: HoldRefusal, command: HoldCredits, account: CreditAccount): HoldDecision<HoldRefusal> => {
  const { messages, userId, fingerprint, clientKey } = command;
  const leftMilliCredits = leftTo(account, userId);
  const refused: CommandRefused = {
    type: 'CommandRefused',
    command: 'HoldCredits',
    code,
    leftMilliCredits,
    userId,
    messageIds: messages.map(({ messageId }) => messageId),
    fingerprint,
    ...(clientKey && !notRememberedByKey.has(code) ? { clientKey } : {}),
  };
  return { events: command.alreadyApplied ? [] : [refused], refusal: { code, leftMilliCredits } };
};

const hold = (command: HoldCredits, account: CreditAccount, takenMilliCredits: MilliCredits, timeMs: number): HoldDecision<HoldRefusal> => {
  const { userId, messages, rateVersion, source, settleByMs, fingerprint, clientKey } = command;
  const grantId = (userId === null ? undefined : account.users.get(userId)?.grant?.grantId) ?? null;
  const submissionId = messages[0]?.messageId ?? 0;
  let leftMilliCredits = leftTo(account, userId);
  const events: CreditEvent[] = [];
  for (const { messageId, parts, destination, amountMilliCredits } of messages) {
    leftMilliCredits -= amountMilliCredits;
    events.push({
      type: 'CreditsHeld',
      messageId,
      submissionId,
      userId,
      grantId,
      parts,
      destination,
      rateVersion,
      amountMilliCredits,
      leftMilliCredits,
      source,
      settleByMs,
      fingerprint: messageId === submissionId ? fingerprint : undefined,
      clientKey: messageId === submissionId ? clientKey : undefined,
    });
  }
  events.push(...crossedBySpending(account, userId, leftMilliCredits, source));
  const held: Held = { messageIds: messages.map(({ messageId }) => messageId), takenMilliCredits, leftMilliCredits, heldAtMs: timeMs, repeats: 'nothing' };
  return { events, held };
};
