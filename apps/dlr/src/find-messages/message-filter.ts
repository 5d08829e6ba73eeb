// Which messages of the history are asked for, as conditions of SQL.
import type { SqlValue } from '@kwota/service-kit/sql';

export type Period = Readonly<{ account: string; userId?: string | null | undefined; fromMs?: number | undefined; toMs?: number | undefined }>;
export type MessageFilter = Period &
  Readonly<{
    receiver?: string | undefined;
    sender?: string | undefined;
    tag?: string | undefined;
    ptt?: number | undefined;
    dlr?: number | undefined;
    /** Exactly this many minutes between acceptance and the wished time. */
    differedDelivery?: number | undefined;
  }>;

export type Condition = readonly [sql: string, ...values: SqlValue[]];

const minuteMs = 60_000;

/** What is left out does not matter; `userId` null is the account itself. */
export const ofPeriod = ({ account, userId, fromMs, toMs }: Period): Condition[] => [
  ['account = ?', account],
  ...(userId === undefined ? [] : [userId === null ? (['"userId" IS NULL'] as const) : (['"userId" = ?', userId] as const)]),
  ...given('"acceptedAtMs" >= ?', fromMs),
  ...given('"acceptedAtMs" <= ?', toMs),
];

/** Of what was not taken out of the history. */
export const ofFilter = ({ receiver, sender, tag, ptt, dlr, differedDelivery, ...period }: MessageFilter): Condition[] => [
  ...ofPeriod(period),
  ['hidden = 0'],
  ...given('receiver = ?', receiver),
  ...given('sender = ?', sender),
  ...given('tag = ?', tag),
  ...given('ptt = ?', ptt),
  ...given('dlr = ?', dlr),
  ...ofDeferral(differedDelivery),
];

export const where = (conditions: readonly Condition[]): { sql: string; values: SqlValue[] } => ({
  sql: conditions.map(([sql]) => sql).join(' AND '),
  values: conditions.flatMap(([, ...values]) => values),
});

const given = (sql: string, value: SqlValue | undefined): Condition[] => (value === undefined ? [] : [[sql, value]]);

/** As it is shown: rounded to minutes. */
const ofDeferral = (minutes: number | undefined): Condition[] => {
  if (minutes === undefined) return [];
  const deferredMs = '(COALESCE("deferredUntilMs", "acceptedAtMs") - "acceptedAtMs")';
  return [[`${deferredMs} >= ? AND ${deferredMs} < ?`, minutes * minuteMs - minuteMs / 2, minutes * minuteMs + minuteMs / 2]];
};
