import {
  newCreditAccount,
  type AccountUser,
  type Charge,
  type CreditAccount,
  type HeldSubmission,
  type RefusedCommand,
  type RefusedSubmission,
  type RememberedCommand,
  type Transfer,
} from './credit-account.js';
import type { MessageId, MilliCredits, SourcePosition, SpendingSource, UserId } from './credit-events.js';
import { dueHourOf } from './due-hours.js';
import type { ForgottenIds } from './forgotten-ids.js';
import type { RecentMap } from './recent-map.js';

type Generations<Entry> = Readonly<{ older: readonly Entry[]; newer: readonly Entry[] }>;
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

/** An account as JSON can carry it; worth something only to the reducer version that made it. */
export type AccountSnapshot = Readonly<{
  sums: Pick<CreditAccount, SumField>;
  users: readonly (readonly [UserId, AccountUser])[];
  closedUsers: readonly UserId[];
  threshold: CreditAccount['threshold'] | null;
  recreditThreshold: CreditAccount['recreditThreshold'] | null;
  submissions: readonly SubmissionRow[];
  openCharges: readonly ChargeRow[];
  settledCharges: Generations<ChargeRow>;
  silentCharges: Generations<ChargeRow>;
  refusedSubmissions: Generations<readonly [MessageId, RefusedSubmission]>;
  withdrawnUnseen: Generations<MessageId>;
  forgottenIds: ForgottenIds['rows'];
  clientKeys: Generations<KeyRow>;
  commands: Generations<readonly [string, RememberedCommand]>;
  references: readonly (readonly [string, MilliCredits])[];
  transfersOut: readonly (readonly [string, Transfer])[];
  transfersIn: readonly (readonly [string, Transfer])[];
  transfersRefused: readonly (readonly [string, RefusedCommand])[];
  positions: readonly SourcePosition[];
}>;

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

/** Everything that evolve and decide look at, so that a snapshot and the events after it give what all events give. */
export const snapshotOf = (account: CreditAccount): AccountSnapshot => {
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
  const rows = {
    openCharges: Array.from(account.openCharges.values(), rowOf),
    settledCharges: generationsOf(account.settledCharges, (_, charge) => rowOf(charge)),
    silentCharges: generationsOf(account.silentCharges, (_, charge) => rowOf(charge)),
    clientKeys: generationsOf(account.clientKeys, (key, { bodyDigest, atMs, submission }): KeyRow => [
      key,
      bodyDigest,
      atMs,
      submission.outcome === 'held' ? submissions.indexOf(submission) : submission,
    ]),
  };
  return {
    sums: Object.fromEntries(sumFields.map((field) => [field, account[field]])) as AccountSnapshot['sums'],
    users: [...account.users],
    closedUsers: [...account.closedUsers],
    threshold: account.threshold ?? null,
    recreditThreshold: account.recreditThreshold ?? null,
    ...rows,
    submissions: submissions.rows,
    refusedSubmissions: generationsOf(account.refusedSubmissions, (messageId, refused) => [messageId, refused] as const),
    withdrawnUnseen: generationsOf(account.withdrawnUnseen, (messageId) => messageId),
    forgottenIds: account.forgottenIds.rows,
    commands: generationsOf(account.commands, (commandId, command) => [commandId, command] as const),
    references: [...account.references],
    transfersOut: [...account.transfersOut],
    transfersIn: [...account.transfersIn],
    transfersRefused: [...account.transfersRefused],
    positions: [...account.positions.values()],
  };
};

/** The account as it was. The snapshot's own objects become its state: use it once. */
export const accountFrom = (name: string, snapshot: AccountSnapshot): CreditAccount => {
  const account = Object.assign(newCreditAccount(name), snapshot.sums);
  account.threshold = snapshot.threshold ?? undefined;
  account.recreditThreshold = snapshot.recreditThreshold ?? undefined;
  // Counted anew at the next debit.
  account.poolAlarmMilliCredits = undefined;
  for (const [userId, { grant, threshold, burn }] of snapshot.users) account.users.set(userId, { grant, threshold, burn });
  for (const userId of snapshot.closedUsers) account.closedUsers.add(userId);

  const submissions = snapshot.submissions.map(submissionFrom);
  const submissionAt = (index: number): HeldSubmission => submissions[index] as HeldSubmission;
  const entryOf = (row: ChargeRow): [MessageId, Charge] => [row[0], chargeFrom(row, submissionAt(row[7]))];
  for (const row of snapshot.openCharges) {
    const [messageId, charge] = entryOf(row);
    account.openCharges.set(messageId, charge);
    const hour = dueHourOf(charge.settleByMs);
    const due = account.dueByHour.get(hour);
    if (due) due.add(messageId);
    else account.dueByHour.set(hour, new Set([messageId]));
  }
  restore(account.settledCharges, snapshot.settledCharges, entryOf);
  restore(account.silentCharges, snapshot.silentCharges, entryOf);
  restore(account.refusedSubmissions, snapshot.refusedSubmissions, (entry) => entry);
  restore(account.withdrawnUnseen, snapshot.withdrawnUnseen, (messageId) => [messageId, true]);
  account.forgottenIds.restore(snapshot.forgottenIds);
  restore(account.clientKeys, snapshot.clientKeys, ([key, bodyDigest, atMs, submission]) => [
    key,
    { bodyDigest, atMs, submission: typeof submission === 'number' ? submissionAt(submission) : submission },
  ]);
  restore(account.commands, snapshot.commands, (entry) => entry);
  for (const [reference, amount] of snapshot.references) account.references.set(reference, amount);
  for (const [transferId, transfer] of snapshot.transfersOut) account.transfersOut.set(transferId, transfer);
  for (const [transferId, transfer] of snapshot.transfersIn) account.transfersIn.set(transferId, transfer);
  for (const [transferId, refusal] of snapshot.transfersRefused) account.transfersRefused.set(transferId, refusal);
  for (const position of snapshot.positions) account.positions.set(position.topic, position);
  return account;
};

/** The messages of one submission share its outcome: it is written once. */
class SubmissionTable {
  readonly rows: SubmissionRow[] = [];
  private readonly indexes = new Map<HeldSubmission, number>();

  indexOf(submission: HeldSubmission): number {
    const known = this.indexes.get(submission);
    if (known !== undefined) return known;
    const { messageIds, fingerprint, heldAtMs, takenMilliCredits, leftMilliCredits, withdrawn } = submission;
    this.indexes.set(submission, this.rows.length);
    return this.rows.push([messageIds, fingerprint, heldAtMs, takenMilliCredits, leftMilliCredits, withdrawn ? 1 : 0]) - 1;
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

const generationsOf = <Key, Value, Entry>(map: RecentMap<Key, Value>, entryOf: (key: Key, value: Value) => Entry): Generations<Entry> => {
  const [older, newer] = map.generations().map((generation) => Array.from(generation, ([key, value]) => entryOf(key, value)));
  return { older: older ?? [], newer: newer ?? [] };
};

const restore = <Key, Value, Entry>(map: RecentMap<Key, Value>, { older, newer }: Generations<Entry>, entryOf: (entry: Entry) => readonly [Key, Value]): void =>
  map.restore(older.map(entryOf), newer.map(entryOf));
