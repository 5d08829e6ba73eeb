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

export type AlertMedium = AlertSettled['medium'];
export type AlertOutcome = AlertSettled['outcome'];

/** One medium of one crossing. */
export type AlertRow = {
  crossingId: string;
  medium: AlertMedium;
  account: string;
  userId: string;
  /** Where it goes: a mail address or a telephone number. */
  address: string;
  levelMilliCredits: number;
  leftMilliCredits: number;
  state: 'waiting' | AlertOutcome;
  createdAtMs: number;
  /** While it waits: when it is tried next. */
  dueAtMs: number;
  attempts: number;
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
    levelMilliCredits: bigint,
    leftMilliCredits: bigint,
    state: text,
    createdAtMs: bigint,
    dueAtMs: bigint,
    attempts: { type: 'integer' },
    endedAtMs: { ...bigint, nullable: true },
    submission: { type: 'simple-json', nullable: true },
  },
});
