import {
  newCreditAccount,
  type AccountUser,
  type Charge,
  type CreditAccount,
  type HeldSubmission,
  type RefusedCommand,
  type RefusedSubmission,
  type RememberedCommand,
  type RememberedKey,
  type Transfer,
} from './credit-account.js';
import type { MessageId, MilliCredits, SourcePosition, SpendingSource, UserId } from './credit-events.js';
import { dueHourOf } from './due-hours.js';
import type { ForgottenIds } from './forgotten-ids.js';
import type { RecentMap } from './recent-map.js';

/** Tuples, for an account may have a million of them. The submission is its place in the list of submissions. */
type ChargeRow = readonly [
  messageId: MessageId,
  userId: UserId | null,
  grantId: string | null,
  parts: number,
  amountMilliCredits: MilliCredits,
  source: SpendingSource,
  settleByMs: number,
  submission: number,
  heldMilliCredits: MilliCredits,
  capturedMilliCredits: MilliCredits,
  silent: 0 | 1,
];
type SubmissionRow = readonly [messageIds: MessageId[], fingerprint: string, heldAtMs: number, taken: MilliCredits, left: MilliCredits, withdrawn: 0 | 1];
type KeyRow = readonly [key: string, bodyDigest: string, atMs: number, submission: number | RefusedSubmission];

/** Of a RecentMap's two generations: 0 is the older. */
type OfGeneration<Entry> = readonly [generation: 0 | 1, entries: readonly Entry[]];

/**
 * An account as JSON can carry it, in parts of some thousand rows at most, so that whoever writes or reads an account with a million holds can give others
 * a turn between two of them. Worth something only to the reducer version that made it.
 */
export type SnapshotPart = Partial<
  Readonly<{
    sums: Pick<CreditAccount, SumField>;
    threshold: CreditAccount['threshold'] | null;
    recreditThreshold: CreditAccount['recreditThreshold'] | null;
    forgottenIds: ForgottenIds['rows'];
    positions: readonly SourcePosition[];
    users: readonly (readonly [UserId, AccountUser])[];
    closedUsers: readonly UserId[];
    /** They come before the charges that name them by their place among all of them. */
    submissions: readonly SubmissionRow[];
    openCharges: readonly ChargeRow[];
    settledCharges: OfGeneration<ChargeRow>;
    silentCharges: OfGeneration<ChargeRow>;
    refusedSubmissions: OfGeneration<readonly [MessageId, RefusedSubmission]>;
    withdrawnUnseen: OfGeneration<MessageId>;
    clientKeys: OfGeneration<KeyRow>;
    commands: OfGeneration<readonly [string, RememberedCommand]>;
    references: readonly (readonly [string, MilliCredits])[];
    transfersOut: readonly (readonly [string, Transfer])[];
    transfersIn: readonly (readonly [string, Transfer])[];
    transfersRefused: readonly (readonly [string, RefusedCommand])[];
  }>
>;
export type AccountSnapshot = readonly SnapshotPart[];

/** A millisecond's work or two. */
const rowsPerPart = 2_000;

const sumFields = [
  'status',
  'revision',
  'timeMs',
  'poolMilliCredits',
  'quotasMilliCredits',
  'heldMilliCredits',
  'consumedMilliCredits',
  'purchasedMilliCredits',
  'adjustedMilliCredits',
  'transferredInMilliCredits',
  'transferredOutMilliCredits',
  'usersWithQuota',
  'grantsMade',
  'crossings',
  'recreditsReached',
  'burn',
  'clientKeysSinceMs',
] as const;
type SumField = (typeof sumFields)[number];

/** Everything that evolve and decide look at, so that a snapshot and the events after it give what all events give. The account must not change meanwhile. */
export function* snapshotParts(account: CreditAccount): Generator<SnapshotPart> {
  yield {
    sums: Object.fromEntries(sumFields.map((field) => [field, account[field]])) as Pick<CreditAccount, SumField>,
    threshold: account.threshold ?? null,
    recreditThreshold: account.recreditThreshold ?? null,
    forgottenIds: account.forgottenIds.rows,
    positions: [...account.positions.values()],
  };
  for (const users of chunksOf(account.users)) yield { users };
  for (const closedUsers of chunksOf(account.closedUsers)) yield { closedUsers };
  for (const references of chunksOf(account.references)) yield { references };
  for (const transfersOut of chunksOf(account.transfersOut)) yield { transfersOut };
  for (const transfersIn of chunksOf(account.transfersIn)) yield { transfersIn };
  for (const transfersRefused of chunksOf(account.transfersRefused)) yield { transfersRefused };
  for (const refusedSubmissions of generationsOf(account.refusedSubmissions, (entry) => entry)) yield { refusedSubmissions };
  for (const withdrawnUnseen of generationsOf(account.withdrawnUnseen, ([messageId]) => messageId)) yield { withdrawnUnseen };
  for (const commands of generationsOf(account.commands, (entry) => entry)) yield { commands };

  const submissions = new SubmissionTable();
  const rowOf = (charge: Charge): ChargeRow => [
    charge.messageId,
    charge.userId,
    charge.grantId,
    charge.parts,
    charge.amountMilliCredits,
    charge.source,
    charge.settleByMs,
    submissions.indexOf(charge.submission),
    charge.heldMilliCredits,
    charge.capturedMilliCredits,
    charge.silent ? 1 : 0,
  ];
  const keyOf = ([key, { bodyDigest, atMs, submission }]: readonly [string, RememberedKey]): KeyRow => [
    key,
    bodyDigest,
    atMs,
    submission.outcome === 'held' ? submissions.indexOf(submission) : submission,
  ];
  for (const charges of chunksOf(account.openCharges.values())) {
    const openCharges = charges.map(rowOf);
    yield { submissions: submissions.takeRows(), openCharges };
  }
  for (const settledCharges of generationsOf(account.settledCharges, ([, charge]) => rowOf(charge))) yield { submissions: submissions.takeRows(), settledCharges };
  for (const silentCharges of generationsOf(account.silentCharges, ([, charge]) => rowOf(charge))) yield { submissions: submissions.takeRows(), silentCharges };
  for (const clientKeys of generationsOf(account.clientKeys, keyOf)) yield { submissions: submissions.takeRows(), clientKeys };
}

/** All parts at once. */
export const snapshotOf = (account: CreditAccount): AccountSnapshot => [...snapshotParts(account)];

/** An account as it was, part by part in their order. A part's own objects become its state: use it once. */
export class AccountRestored {
  readonly account: CreditAccount;
  private readonly submissions: HeldSubmission[] = [];

  constructor(name: string) {
    this.account = newCreditAccount(name);
    // Counted anew at the next debit.
    this.account.poolAlarmMilliCredits = undefined;
  }

  add(part: SnapshotPart): void {
    const { account } = this;
    if (part.sums) Object.assign(account, part.sums);
    if (part.threshold) account.threshold = part.threshold;
    if (part.recreditThreshold) account.recreditThreshold = part.recreditThreshold;
    if (part.forgottenIds) account.forgottenIds.restore(part.forgottenIds);
    for (const position of part.positions ?? []) account.positions.set(position.topic, position);
    for (const [userId, { grant, threshold, burn }] of part.users ?? []) account.users.set(userId, { grant, threshold, burn });
    for (const userId of part.closedUsers ?? []) account.closedUsers.add(userId);
    for (const [reference, amount] of part.references ?? []) account.references.set(reference, amount);
    for (const [transferId, transfer] of part.transfersOut ?? []) account.transfersOut.set(transferId, transfer);
    for (const [transferId, transfer] of part.transfersIn ?? []) account.transfersIn.set(transferId, transfer);
    for (const [transferId, refusal] of part.transfersRefused ?? []) account.transfersRefused.set(transferId, refusal);
    restore(account.refusedSubmissions, part.refusedSubmissions, (entry) => entry);
    restore(account.withdrawnUnseen, part.withdrawnUnseen, (messageId) => [messageId, true]);
    restore(account.commands, part.commands, (entry) => entry);

    for (const row of part.submissions ?? []) this.submissions.push(submissionFrom(row));
    for (const row of part.openCharges ?? []) this.open(this.chargeFrom(row));
    restore(account.settledCharges, part.settledCharges, (row) => [row[0], this.chargeFrom(row)]);
    restore(account.silentCharges, part.silentCharges, (row) => [row[0], this.chargeFrom(row)]);
    restore(account.clientKeys, part.clientKeys, ([key, bodyDigest, atMs, submission]) => [
      key,
      { bodyDigest, atMs, submission: typeof submission === 'number' ? this.submissionAt(submission) : submission },
    ]);
  }

  private chargeFrom(row: ChargeRow): Charge {
    return chargeFrom(row, this.submissionAt(row[7]));
  }

  private submissionAt(index: number): HeldSubmission {
    return this.submissions[index] as HeldSubmission;
  }

  private open(charge: Charge): void {
    const { openCharges, dueByHour } = this.account;
    openCharges.set(charge.messageId, charge);
    const hour = dueHourOf(charge.settleByMs);
    const due = dueByHour.get(hour);
    if (due) due.add(charge.messageId);
    else dueByHour.set(hour, new Set([charge.messageId]));
  }
}

/** All parts at once. */
export const accountFrom = (name: string, parts: AccountSnapshot): CreditAccount => {
  const restored = new AccountRestored(name);
  for (const part of parts) restored.add(part);
  return restored.account;
};

/** The messages of one submission share its outcome: it is written once. */
class SubmissionTable {
  private rows: SubmissionRow[] = [];
  private readonly indexes = new Map<HeldSubmission, number>();

  indexOf(submission: HeldSubmission): number {
    const known = this.indexes.get(submission);
    if (known !== undefined) return known;
    const { messageIds, fingerprint, heldAtMs, takenMilliCredits, leftMilliCredits, withdrawn } = submission;
    const index = this.indexes.size;
    this.indexes.set(submission, index);
    this.rows.push([messageIds, fingerprint, heldAtMs, takenMilliCredits, leftMilliCredits, withdrawn ? 1 : 0]);
    return index;
  }

  /** Those that came since the last part. */
  takeRows(): readonly SubmissionRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

const submissionFrom = ([messageIds, fingerprint, heldAtMs, takenMilliCredits, leftMilliCredits, withdrawn]: SubmissionRow): HeldSubmission => ({
  outcome: 'held',
  messageIds,
  fingerprint,
  heldAtMs,
  takenMilliCredits,
  leftMilliCredits,
  withdrawn: withdrawn === 1,
});

const chargeFrom = (row: ChargeRow, submission: HeldSubmission): Charge => ({
  messageId: row[0],
  userId: row[1],
  grantId: row[2],
  parts: row[3],
  amountMilliCredits: row[4],
  source: row[5],
  settleByMs: row[6],
  submission,
  heldMilliCredits: row[8],
  capturedMilliCredits: row[9],
  silent: row[10] === 1,
});

function* chunksOf<Entry>(entries: Iterable<Entry>): Generator<readonly Entry[]> {
  let chunk: Entry[] = [];
  for (const entry of entries) {
    chunk.push(entry);
    if (chunk.length < rowsPerPart) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function* generationsOf<Key, Value, Entry>(map: RecentMap<Key, Value>, entryOf: (entry: readonly [Key, Value]) => Entry): Generator<OfGeneration<Entry>> {
  for (const generation of [0, 1] as const) for (const entries of chunksOf(map.generations()[generation])) yield [generation, entries.map(entryOf)];
}

const restore = <Key, Value, Entry>(map: RecentMap<Key, Value>, part: OfGeneration<Entry> | undefined, entryOf: (entry: Entry) => readonly [Key, Value]): void => {
  if (part) for (const entry of part[1]) map.restore(part[0], ...entryOf(entry));
};
