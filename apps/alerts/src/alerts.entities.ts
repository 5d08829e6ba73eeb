// The tables of alerts; alerts.migrations.ts makes them. `userId` is '' for the account itself: a primary key has no null.
import type { AlertRecipient, AlertTemplates } from '@kwota/contracts/alerts.requests.v1';
import type { AlertSettled } from '@kwota/contracts/alerts.v1';
import type { SendSubmission } from '@kwota/contracts/submissions.v1';
import { EntitySchema } from 'typeorm';

/** PostgreSQL gives a bigint as text; times and milli-credits stay below 2^53. */
const wholeNumber = { from: (value: string | number | null) => (value === null ? null : Number(value)), to: (value: unknown) => value };
const bigint = { type: 'bigint', transformer: wholeNumber } as const;
const text = { type: 'text' } as const;
const key = { type: 'text', primary: true } as const;

export const accountItself = '';

export type RecipientRow = AlertRecipient & { account: string; userId: string };
export const recipientEntity = new EntitySchema<RecipientRow>({
  name: 'recipient',
  columns: { account: key, userId: key, alertEmail: text, alertNumber: text, support: text },
});

export type TemplatesRow = { account: string; templates: AlertTemplates };
export const templatesEntity = new EntitySchema<TemplatesRow>({
  name: 'templates',
  columns: { account: key, templates: { type: 'simple-json' } },
});

export type KnownUserRow = { userId: string; account: string; login: string };
export const knownUserEntity = new EntitySchema<KnownUserRow>({
  name: 'known_user',
  columns: { userId: key, account: text, login: text },
});

export type KnownSenderRow = { account: string; sender: string; status: string };
export const knownSenderEntity = new EntitySchema<KnownSenderRow>({
  name: 'known_sender',
  columns: { account: key, sender: key, status: text },
});

/** Whether credit was last foreseen to run out soon. */
export type ForecastRow = { account: string; userId: string; isSoon: number };
export const forecastEntity = new EntitySchema<ForecastRow>({
  name: 'forecast',
  columns: { account: key, userId: key, isSoon: { type: 'integer' } },
});

export type AlertMedium = AlertSettled['medium'];
export type AlertOutcome = AlertSettled['outcome'];

/** What an alert tells of, with what its text needs beside the credit. The last four never go to accounts' numbers, `endpoint-*` also to operators. */
export type AlertAbout =
  | { kind: 'threshold' }
  | { kind: 'forecast'; runsOutAtMs: number }
  | { kind: 'test' }
  | { kind: 'endpoint-failing'; account: string; userId: string | null; percent: number; failingSinceMs: number }
  | { kind: 'endpoint-off'; account: string; userId: string | null; reason: 'gone' | 'failing' }
  | { kind: 'connector-down'; connector: string; problem: string; downSinceMs: number }
  | { kind: 'code-unknown'; connector: string; code: string };

/** The account of what an operator is told: none. */
export const noAccount = '';

/** One medium of one crossing, or of another occasion. */
export type AlertRow = {
  /** Of a crossing its id; of another occasion an id that is as unique. */
  crossingId: string;
  medium: AlertMedium;
  account: string;
  userId: string;
  /** Where it goes: a mail address or a telephone number. */
  address: string;
  kind: AlertAbout['kind'];
  /** null: a threshold, written before there was anything else. */
  about: AlertAbout | null;
  /** Of what an operator is told: of one subject at most once an hour. */
  subject: string;
  levelMilliCredits: number;
  leftMilliCredits: number;
  state: 'waiting' | AlertOutcome;
  createdAtMs: number;
  /** While it waits: when it is tried next. */
  dueAtMs: number;
  attempts: number;
  /** Why the last attempt did not go out: a code, without addresses or texts. */
  reason: string;
  endedAtMs: number | null;
  /** SMS: what is published, with its message id, from before its first publication to its end. */
  submission: SendSubmission | null;
};
export const alertEntity = new EntitySchema<AlertRow>({
  name: 'alert',
  columns: {
    crossingId: key,
    medium: key,
    account: text,
    userId: text,
    address: text,
    kind: text,
    about: { type: 'simple-json', nullable: true },
    subject: text,
    levelMilliCredits: bigint,
    leftMilliCredits: bigint,
    state: text,
    createdAtMs: bigint,
    dueAtMs: bigint,
    attempts: { type: 'integer' },
    reason: text,
    endedAtMs: { ...bigint, nullable: true },
    submission: { type: 'simple-json', nullable: true },
  },
});
