import { amountMilliCreditsMax, incomingTransfer, leftTo, usersMax, type CreditAccount } from './credit-account.js';
import type { CreditCommand } from './credit-commands.js';
import type { CommandRefused, CreditEvent, MilliCredits } from './credit-events.js';
import type { Decision } from './decision.js';
import { rearmedByPool, rearmedByQuota, recreditThresholdSet, thresholdSet } from './thresholds.js';

export type AccountCommand = Exclude<CreditCommand, { type: 'HoldCredits' | 'WithdrawMessages' | 'SettleCharge' | 'Tick' }>;

/** One order for all of them; each command has its own choice of these, and the first that applies is the reason given. */
export const accountRefusals = [
  'account-unknown',
  'account-closed',
  'account-frozen',
  'user-unknown',
  'user-closed',
  'too-many-users',
  'amount-not-valid',
  'conflict',
  'transfer-unknown',
  'holds-open',
  'quota-above-pool',
  'credit-too-low',
] as const;
export type AccountRefusal = (typeof accountRefusals)[number];

type Applies<Command> = (command: Command, account: CreditAccount) => boolean;
type Rule<Command> = Readonly<{ refusals: Partial<Record<AccountRefusal, Applies<Command>>>; happens: (command: Command, account: CreditAccount) => readonly CreditEvent[] }>;
type Rules = { readonly [Type in AccountCommand['type']]: Rule<Extract<AccountCommand, { type: Type }>> };

const isUnknown = (_: unknown, { status }: CreditAccount): boolean => status === 'not-opened';
const isClosed = (_: unknown, { status }: CreditAccount): boolean => status === 'closed';
const isFrozen = (_: unknown, { status }: CreditAccount): boolean => status === 'frozen';
const accountIsThere = { 'account-unknown': isUnknown, 'account-closed': isClosed };

const userUnknown = ({ userId }: { userId: string | null }, { users, closedUsers }: CreditAccount): boolean =>
  userId !== null && !users.has(userId) && !closedUsers.has(userId);
const userClosed = ({ userId }: { userId: string | null }, { closedUsers }: CreditAccount): boolean => userId !== null && closedUsers.has(userId);
const userIsThere = { 'user-unknown': userUnknown, 'user-closed': userClosed };

const isAmount = (amount: MilliCredits): boolean => Number.isSafeInteger(amount) && amount >= 0 && amount <= amountMilliCreditsMax;
const notPositive = ({ amountMilliCredits }: { amountMilliCredits: MilliCredits }): boolean => !isAmount(amountMilliCredits) || amountMilliCredits === 0;
const tooMuchIn = ({ amountMilliCredits }: { amountMilliCredits: MilliCredits }, account: CreditAccount): boolean =>
  notPositive({ amountMilliCredits }) || account.poolMilliCredits + amountMilliCredits > totalMilliCreditsMax;
/** With everything that an account can have ever had below it, no sum leaves the safe integers. */
const totalMilliCreditsMax = 1_000_000_000_000_000;

const lifted = (account: CreditAccount, byMilliCredits: MilliCredits, event: CreditEvent): readonly CreditEvent[] => [
  event,
  ...rearmedByPool(account, account.poolMilliCredits + byMilliCredits),
];
const quotaOf = (account: CreditAccount, userId: string): MilliCredits => account.users.get(userId)?.grant?.leftMilliCredits ?? 0;
/** OVH.md §9: the largest quota is what the pool has plus what this user's quota still holds. */
export const largestQuota = (account: CreditAccount, userId: string): MilliCredits => account.poolMilliCredits + quotaOf(account, userId);

const rules: Rules = {
  OpenAccount: {
    refusals: {},
    happens: (_, { status }) => (status === 'not-opened' ? [{ type: 'AccountOpened' }] : []),
  },
  FreezeAccount: {
    refusals: accountIsThere,
    happens: (_, { status }) => (status === 'open' ? [{ type: 'AccountFrozen' }] : []),
  },
  ThawAccount: {
    refusals: accountIsThere,
    happens: (_, { status }) => (status === 'frozen' ? [{ type: 'AccountThawed' }] : []),
  },
  CloseAccount: {
    refusals: { 'account-unknown': isUnknown, 'holds-open': (_, { openCharges }) => openCharges.size > 0 },
    happens: (_, { status }) => (status === 'closed' ? [] : [{ type: 'AccountClosed' }]),
  },
  PurchaseCredits: {
    refusals: {
      ...accountIsThere,
      'amount-not-valid': tooMuchIn,
      conflict: ({ reference, amountMilliCredits }, { references }) => references.has(reference) && references.get(reference) !== amountMilliCredits,
    },
    happens: ({ reference, amountMilliCredits }, account) =>
      account.references.has(reference) ? [] : lifted(account, amountMilliCredits, { type: 'CreditsPurchased', reference, amountMilliCredits }),
  },
  AdjustCredits: {
    refusals: {
      ...accountIsThere,
      'amount-not-valid': ({ amountMilliCredits }, account) =>
        amountMilliCredits < 0 ? !isAmount(-amountMilliCredits) : tooMuchIn({ amountMilliCredits }, account),
      conflict: ({ reference, amountMilliCredits }, { references }) => references.has(reference) && references.get(reference) !== amountMilliCredits,
      'credit-too-low': ({ reference, amountMilliCredits }, { references, poolMilliCredits }) =>
        !references.has(reference) && poolMilliCredits + amountMilliCredits < 0,
    },
    happens: ({ reference, reasonCode, by, amountMilliCredits }, { references }) =>
      references.has(reference) ? [] : [{ type: 'CreditsAdjusted', reference, reasonCode, by, amountMilliCredits }],
  },
  TransferCredits: {
    refusals: {
      ...accountIsThere,
      'account-frozen': isFrozen,
      'amount-not-valid': (command, { account }) => notPositive(command) || command.toAccount === account,
      conflict: ({ transferId, toAccount, amountMilliCredits }, { transfersOut }) => {
        const known = transfersOut.get(transferId);
        return known !== undefined && (known.otherAccount !== toAccount || known.amountMilliCredits !== amountMilliCredits);
      },
      'credit-too-low': ({ transferId, amountMilliCredits }, { transfersOut, poolMilliCredits }) =>
        !transfersOut.has(transferId) && amountMilliCredits > poolMilliCredits,
    },
    happens: ({ transferId, toAccount, amountMilliCredits }, { transfersOut }) =>
      transfersOut.has(transferId) ? [] : [{ type: 'CreditsTransferredOut', transferId, toAccount, amountMilliCredits }],
  },
  ReceiveTransfer: {
    refusals: { ...accountIsThere, 'amount-not-valid': tooMuchIn },
    happens: ({ transferId, fromAccount, amountMilliCredits }, account) =>
      account.transfersIn.has(incomingTransfer({ fromAccount, transferId })) ? [] : lifted(account, amountMilliCredits, { type: 'CreditsTransferredIn', transferId, fromAccount, amountMilliCredits }),
  },
  ReturnTransfer: {
    refusals: { 'account-unknown': isUnknown, 'transfer-unknown': ({ transferId }, { transfersOut }) => !transfersOut.has(transferId) },
    happens: ({ transferId }, { transfersOut }) => {
      const transfer = transfersOut.get(transferId);
      return !transfer || transfer.returned ? [] : [{ type: 'CreditsTransferReturned', transferId, amountMilliCredits: transfer.amountMilliCredits }];
    },
  },
  OpenUser: {
    refusals: {
      ...accountIsThere,
      'user-closed': userClosed,
      'too-many-users': ({ userId }, { users }) => !users.has(userId) && users.size >= usersMax,
    },
    happens: ({ userId }, { users }) => (users.has(userId) ? [] : [{ type: 'UserOpened', userId }]),
  },
  CloseUser: {
    refusals: { 'account-unknown': isUnknown, 'user-unknown': userUnknown },
    happens: ({ userId }, account) => {
      if (account.closedUsers.has(userId)) return [];
      const returnedMilliCredits = quotaOf(account, userId);
      return [{ type: 'UserClosed', userId, returnedMilliCredits }, ...rearmedByPool(account, account.poolMilliCredits + returnedMilliCredits, userId)];
    },
  },
  SetQuota: {
    refusals: {
      ...accountIsThere,
      ...userIsThere,
      'amount-not-valid': ({ active, leftMilliCredits }) => active && !isAmount(leftMilliCredits),
      'quota-above-pool': ({ userId, active, leftMilliCredits }, account) => active && leftMilliCredits > largestQuota(account, userId),
    },
    happens: ({ userId, active, leftMilliCredits }, account) => {
      const grant = account.users.get(userId)?.grant;
      if (!active) return grant ? quotaReturned(account, userId, grant.grantId, grant.leftMilliCredits) : [];
      if (!grant) return quotaAllocated(account, userId, leftMilliCredits);
      if (grant.leftMilliCredits === leftMilliCredits) return [];
      const { grantId, leftMilliCredits: fromMilliCredits } = grant;
      return [
        { type: 'QuotaChanged', userId, grantId, fromMilliCredits, toMilliCredits: leftMilliCredits },
        ...rearmedByQuota(account, userId, leftMilliCredits),
        ...rearmedByPool(account, account.poolMilliCredits + fromMilliCredits - leftMilliCredits, userId),
      ];
    },
  },
  SetThreshold: {
    refusals: {
      ...accountIsThere,
      ...userIsThere,
      'amount-not-valid': ({ levelMilliCredits }) => levelMilliCredits !== null && !isAmount(levelMilliCredits),
    },
    happens: ({ userId, levelMilliCredits }, account) => thresholdSet(account, userId, levelMilliCredits),
  },
  SetRecreditThreshold: {
    refusals: {
      ...accountIsThere,
      'amount-not-valid': ({ levelMilliCredits }) => levelMilliCredits !== null && !isAmount(levelMilliCredits),
    },
    happens: ({ levelMilliCredits }, account) => recreditThresholdSet(account, levelMilliCredits),
  },
};

const quotaAllocated = (account: CreditAccount, userId: string, amountMilliCredits: MilliCredits): readonly CreditEvent[] => [
  { type: 'QuotaAllocated', userId, grantId: `g${account.grantsMade + 1}`, amountMilliCredits },
  ...rearmedByQuota(account, userId, amountMilliCredits),
];

const quotaReturned = (account: CreditAccount, userId: string, grantId: string, amountMilliCredits: MilliCredits): readonly CreditEvent[] => {
  const poolAfter = account.poolMilliCredits + amountMilliCredits;
  return [
    { type: 'QuotaReturned', userId, grantId, amountMilliCredits },
    ...rearmedByQuota(account, userId, poolAfter),
    ...rearmedByPool(account, poolAfter, userId),
  ];
};

/** Decides on everything but messages: accounts, money in and out, users, quotas, thresholds. What is so already leads to no event. */
export const decideOnAccount = (command: AccountCommand, account: CreditAccount): Decision<AccountRefusal> => {
  // One entry of the table for one command type: TypeScript cannot follow the pair through the index.
  const { refusals, happens } = rules[command.type] as Rule<AccountCommand>;
  const code = accountRefusals.find((reason) => refusals[reason]?.(command, account));
  return code ? refuse(code, command, account) : { events: happens(command, account) };
};

const refuse = (code: AccountRefusal, command: AccountCommand, account: CreditAccount): Decision<AccountRefusal> => {
  const userId = 'userId' in command ? command.userId : null;
  const leftMilliCredits = leftTo(account, userId);
  const largestMilliCredits = code === 'quota-above-pool' && userId !== null ? largestQuota(account, userId) : undefined;
  const refused: CommandRefused = {
    type: 'CommandRefused',
    command: command.type,
    code,
    leftMilliCredits,
    ...('userId' in command ? { userId } : {}),
    ...('transferId' in command ? { transferId: command.transferId } : {}),
    ...('fromAccount' in command ? { fromAccount: command.fromAccount, amountMilliCredits: command.amountMilliCredits } : {}),
    ...(largestMilliCredits === undefined ? {} : { largestMilliCredits }),
  };
  return { events: [refused], refusal: { code, leftMilliCredits, largestMilliCredits } };
};
