import { noBurn, type Burn } from './burn-rate.js';
import type { ClientKey, GrantId, MessageId, MilliCredits, SourcePosition, SpendingSource, UserId } from './credit-events.js';
import { ForgottenIds } from './forgotten-ids.js';
import { RecentMap } from './recent-map.js';

/** Changed whenever evolve folds the same events into another state: snapshots of another version are not used. */
export const reducerVersion = 3;

/** Then a clear refusal (DESIGN §7). */
export const openHoldsMax = 1_000_000;
export const usersMax = 10_000;
/** A sum of 8,192 such amounts is still below 2^53. */
export const amountMilliCreditsMax = 1_000_000_000_000;
/**
 * Settled messages and refused submissions that are still known one by one. Repeats from the log are known for ever, by their position; what else comes
 * with an older id is refused as too old.
 */
export const settledKeptMin = 20_000;
/** A real receipt may come days after a silent final. */
export const silentKeptMin = 50_000;
export const commandsKeptMin = 10_000;
export const clientKeyValidMs = 24 * 60 * 60 * 1_000;

export type Threshold = { levelMilliCredits: MilliCredits; armed: boolean };
export type Grant = { readonly grantId: GrantId; leftMilliCredits: MilliCredits };
export type AccountUser = { grant: Grant | undefined; threshold: Threshold | undefined; readonly burn: Burn };

/** What a submission led to, so that a repeat gets the same answer. */
export type HeldSubmission = {
  readonly outcome: 'held';
  readonly messageIds: MessageId[];
  readonly fingerprint: string;
  readonly heldAtMs: number;
  takenMilliCredits: MilliCredits;
  leftMilliCredits: MilliCredits;
  withdrawn: boolean;
};
export type RefusedSubmission = Readonly<{
  outcome: 'refused';
  fingerprint: string | undefined;
  code: string;
  leftMilliCredits: MilliCredits;
}>;

/** One message's money, from its hold to its end. */
export type Charge = {
  readonly messageId: MessageId;
  readonly userId: UserId | null;
  readonly grantId: GrantId | null;
  readonly parts: number;
  readonly amountMilliCredits: MilliCredits;
  readonly source: SpendingSource;
  readonly settleByMs: number;
  readonly submission: HeldSubmission;
  /** Of the amount: what is still held, and what is spent; the rest was released or refunded. */
  heldMilliCredits: MilliCredits;
  capturedMilliCredits: MilliCredits;
  /** A final without a receipt: a real one corrects it once. */
  silent: boolean;
};

export type RememberedCommand = Readonly<{ digest: string | undefined; refusal: RefusedCommand | undefined }>;
export type RefusedCommand = Readonly<{ code: string; leftMilliCredits: MilliCredits; largestMilliCredits?: MilliCredits | undefined }>;
export type RememberedKey = Readonly<{ bodyDigest: string; atMs: number; submission: HeldSubmission | RefusedSubmission }>;
export type Transfer = { readonly otherAccount: string; readonly amountMilliCredits: MilliCredits; returned: boolean };

/**
 * One SMS account, the ledger's aggregate. `evolve` changes it in place: it may not cost more with a million open holds than with ten.
 * Outside this library it is read only.
 */
export type CreditAccount = {
  readonly account: string;
  status: 'not-opened' | 'open' | 'frozen' | 'closed';
  /** Of the last event; -1 before the first. */
  revision: number;
  timeMs: number;
  poolMilliCredits: MilliCredits;
  quotasMilliCredits: MilliCredits;
  heldMilliCredits: MilliCredits;
  consumedMilliCredits: MilliCredits;
  purchasedMilliCredits: MilliCredits;
  adjustedMilliCredits: MilliCredits;
  transferredInMilliCredits: MilliCredits;
  transferredOutMilliCredits: MilliCredits;
  readonly users: Map<UserId, AccountUser>;
  readonly closedUsers: Set<UserId>;
  usersWithQuota: number;
  grantsMade: number;
  crossings: number;
  /** Of all its users and its own sending. */
  burn: Burn;
  /** The account's own, over its pool. */
  threshold: Threshold | undefined;
  /** Where the account is to be topped up, over its pool. */
  recreditThreshold: Threshold | undefined;
  /** How often it was reached. */
  recreditsReached: number;
  /** The highest armed level among those that count the pool, so that a debit looks at one number; undefined: to be counted anew. */
  poolAlarmMilliCredits: MilliCredits | undefined;
  readonly openCharges: Map<MessageId, Charge>;
  /** Open holds by the hour in which they are due, so that a tick looks at those alone. */
  readonly dueByHour: Map<number, Set<MessageId>>;
  readonly settledCharges: RecentMap<MessageId, Charge>;
  /** Settled without a receipt: kept longer, for the real one. */
  readonly silentCharges: RecentMap<MessageId, Charge>;
  readonly refusedSubmissions: RecentMap<MessageId, RefusedSubmission>;
  readonly withdrawnUnseen: RecentMap<MessageId, true>;
  /** The ids that these four knew before. */
  readonly forgottenIds: ForgottenIds;
  readonly clientKeys: RecentMap<string, RememberedKey>;
  clientKeysSinceMs: number;
  readonly commands: RecentMap<string, RememberedCommand>;
  /** References of purchases and adjustments, for ever: their amount, signed. */
  readonly references: Map<string, MilliCredits>;
  readonly transfersOut: Map<string, Transfer>;
  /** By `incomingTransfer`. */
  readonly transfersIn: Map<string, Transfer>;
  /** Incoming transfers that were refused, by `incomingTransfer`, for ever: their credits went back. */
  readonly transfersRefused: Map<string, RefusedCommand>;
  /** The last position applied of each topic: what lies at or before it is a repeat. */
  readonly positions: Map<string, SourcePosition>;
};

/** An account before its first event. */
export const newCreditAccount = (account: string): CreditAccount => ({
  account,
  status: 'not-opened',
  revision: -1,
  timeMs: 0,
  poolMilliCredits: 0,
  quotasMilliCredits: 0,
  heldMilliCredits: 0,
  consumedMilliCredits: 0,
  purchasedMilliCredits: 0,
  adjustedMilliCredits: 0,
  transferredInMilliCredits: 0,
  transferredOutMilliCredits: 0,
  users: new Map(),
  closedUsers: new Set(),
  usersWithQuota: 0,
  grantsMade: 0,
  crossings: 0,
  burn: noBurn(),
  threshold: undefined,
  recreditThreshold: undefined,
  recreditsReached: 0,
  poolAlarmMilliCredits: -1,
  openCharges: new Map(),
  dueByHour: new Map(),
  settledCharges: new RecentMap(settledKeptMin),
  silentCharges: new RecentMap(silentKeptMin),
  refusedSubmissions: new RecentMap(settledKeptMin),
  withdrawnUnseen: new RecentMap(settledKeptMin),
  forgottenIds: new ForgottenIds(),
  // Its generations are days, not counts (evolve).
  clientKeys: new RecentMap(Number.POSITIVE_INFINITY),
  clientKeysSinceMs: 0,
  commands: new RecentMap(commandsKeptMin),
  references: new Map(),
  transfersOut: new Map(),
  transfersIn: new Map(),
  transfersRefused: new Map(),
  positions: new Map(),
});

/** What is left to spend, in milli-credits: of the user's quota where active, else of the pool; null is the account itself, from its pool alone. */
export const leftTo = (account: CreditAccount, userId: UserId | null): MilliCredits =>
  (userId === null ? undefined : account.users.get(userId)?.grant?.leftMilliCredits) ?? account.poolMilliCredits;

export const chargeOf = (account: CreditAccount, messageId: MessageId): Charge | undefined =>
  account.openCharges.get(messageId) ?? account.settledCharges.get(messageId) ?? account.silentCharges.get(messageId);

/** What the submission that this message was in led to, where it is still known. */
export const submissionOf = (account: CreditAccount, messageId: MessageId): HeldSubmission | RefusedSubmission | undefined =>
  chargeOf(account, messageId)?.submission ?? account.refusedSubmissions.get(messageId);

/** Where a charge's money goes back to: the grant that it came from, or null for the pool, when it came from there or the grant has ended. */
export const returnsTo = (account: CreditAccount, charge: Charge): GrantId | null => {
  if (charge.grantId === null || charge.userId === null) return null;
  return account.users.get(charge.userId)?.grant?.grantId === charge.grantId ? charge.grantId : null;
};

export const clientKeyOf = (userId: UserId | null, { keyDigest }: ClientKey): string => `${userId ?? ''} ${keyDigest}`;

/** Two accounts may choose the same id for what they send. */
export const incomingTransfer = ({ fromAccount, transferId }: Readonly<{ fromAccount: string; transferId: string }>): string => `${fromAccount} ${transferId}`;

/** True when the log gives a message again that this account has applied already. */
export const isApplied = (account: CreditAccount, source: SourcePosition | undefined): boolean => {
  if (!source) return false;
  const last = account.positions.get(source.topic);
  return last !== undefined && last.partition === source.partition && source.offset <= last.offset;
};

/** Throws when an account breaks DESIGN §3: a bug, after which the process must not go on. O(1) by the running sums. */
export const assertInvariant = (account: CreditAccount): void => {
  const { poolMilliCredits, quotasMilliCredits, heldMilliCredits, consumedMilliCredits, transferredOutMilliCredits } = account;
  const uses = poolMilliCredits + quotasMilliCredits + heldMilliCredits + consumedMilliCredits + transferredOutMilliCredits;
  const origins = account.purchasedMilliCredits + account.transferredInMilliCredits + account.adjustedMilliCredits;
  if (uses !== origins) throw new BrokenInvariant(account, `${uses} used of ${origins}`);
  const lowest = Math.min(poolMilliCredits, quotasMilliCredits, heldMilliCredits, consumedMilliCredits, transferredOutMilliCredits);
  if (!(lowest >= 0)) throw new BrokenInvariant(account, 'a balance is below zero');
};

/** The same over every quota and hold, one by one, for tests and audits: O(n). */
export const assertInvariantInFull = (account: CreditAccount): void => {
  assertInvariant(account);
  let quotas = 0;
  for (const [userId, { grant }] of account.users) {
    if (grant && !(grant.leftMilliCredits >= 0)) throw new BrokenInvariant(account, `the quota of ${userId} is below zero`);
    quotas += grant?.leftMilliCredits ?? 0;
  }
  let held = 0;
  for (const charge of account.openCharges.values()) {
    if (charge.heldMilliCredits + charge.capturedMilliCredits > charge.amountMilliCredits) throw new BrokenInvariant(account, `message ${charge.messageId} is charged twice`);
    held += charge.heldMilliCredits;
  }
  if (quotas !== account.quotasMilliCredits) throw new BrokenInvariant(account, `quotas are ${quotas}, not ${account.quotasMilliCredits}`);
  if (held !== account.heldMilliCredits) throw new BrokenInvariant(account, `holds are ${held}, not ${account.heldMilliCredits}`);
};

export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
  constructor({ account, revision }: CreditAccount, what: string) {
    super(`${account} at ${revision}: ${what}`);
  }
}
