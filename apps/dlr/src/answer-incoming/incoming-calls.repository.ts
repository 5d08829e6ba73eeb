// What is to be done for messages from phones: URLs to call, answers to send. All SQL about it is here.
import { run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

type Big = number | string;
/** `url`: the whole URL · `answer`: the text back as JSON, with its message id once it has one. */
export type IncomingCall = Readonly<{ id: number; kind: 'url' | 'answer'; account: string; target: string; attempts: number; createdAtMs: number }>;
const callState = { waiting: 0, done: 1, dead: 2 } as const;

/** Whoever took one and died has it again after this: longer than an attempt takes. */
const leaseMs = 60_000;

@Injectable()
export class IncomingCallsRepository {
  async add(manager: EntityManager, { kind, account, target, nowMs }: Pick<IncomingCall, 'kind' | 'account' | 'target'> & { nowMs: number }): Promise<void> {
    await run(
      manager,
      `INSERT INTO incoming_call (kind, account, target, attempts, state, "dueAtMs", "createdAtMs") VALUES (?, ?, ?, 0, ${callState.waiting}, ?, ?)`,
      [kind, account, target, nowMs, nowMs],
    );
  }

  async hasDue(manager: EntityManager, nowMs: number): Promise<boolean> {
    const [row] = await run(manager, `SELECT 1 AS "any" FROM incoming_call WHERE state = ${callState.waiting} AND "dueAtMs" <= ? LIMIT 1`, [nowMs]);
    return row !== undefined;
  }

  /** Due ones, with one more attempt counted, for whoever asks alone. */
  async takeDue(manager: EntityManager, nowMs: number, most: number): Promise<IncomingCall[]> {
    const rows = await run<{ id: Big; kind: IncomingCall['kind']; account: string; target: string; attempts: Big; createdAtMs: Big }>(
      manager,
      `UPDATE incoming_call SET attempts = attempts + 1, "dueAtMs" = ?
       WHERE id IN (SELECT id FROM incoming_call WHERE state = ${callState.waiting} AND "dueAtMs" <= ? ORDER BY "dueAtMs" LIMIT ${most})
       RETURNING id, kind, account, target, attempts, "createdAtMs"`,
      [nowMs + leaseMs, nowMs],
    );
    return rows.map((row) => ({ ...row, id: Number(row.id), attempts: Number(row.attempts), createdAtMs: Number(row.createdAtMs) }));
  }

  async keepTarget(manager: EntityManager, id: number, target: string): Promise<void> {
    await run(manager, 'UPDATE incoming_call SET target = ? WHERE id = ?', [target, id]);
  }

  async again(manager: EntityManager, id: number, dueAtMs: number): Promise<void> {
    await run(manager, 'UPDATE incoming_call SET "dueAtMs" = ? WHERE id = ?', [dueAtMs, id]);
  }

  /** The number and the text go with it. */
  async end(manager: EntityManager, id: number, isDone: boolean): Promise<void> {
    await run(manager, `UPDATE incoming_call SET state = ${isDone ? callState.done : callState.dead}, target = '' WHERE id = ?`, [id]);
  }

  async forget(manager: EntityManager, beforeMs: number): Promise<void> {
    await run(manager, 'DELETE FROM incoming_call WHERE "createdAtMs" < ?', [beforeMs]);
  }
}
