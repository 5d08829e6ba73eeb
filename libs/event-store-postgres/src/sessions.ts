import { Pool, types, type ClientBase } from 'pg';

export type Timeouts = Readonly<{
  connectMs: number;
  /** Of one statement on the server; an append is one. */
  statementMs: number;
  /** Of waiting for another writer's commit: below the statement's, so that the error says what it was. */
  lockMs: number;
  /** No session of ours waits within a transaction; one that does all the same is thrown out, and its locks with it. */
  idleInTransactionMs: number;
  /** Of waiting for an answer: above the statement's, for a server that cannot say any more that it gave up (cut off, a hanging disk). */
  answerMs: number;
}>;

export const defaultTimeouts: Timeouts = { connectMs: 5_000, statementMs: 10_000, lockMs: 5_000, idleInTransactionMs: 2_000, answerMs: 15_000 };

const keepAliveAfterMs = 10_000;

export type Access = 'write' | 'read';

type SessionOptions = Readonly<{ url: string; access: Access; sessionsMax: number; timeouts: Timeouts; onLost: (error: Error) => void }>;

/** Connections, made when they are needed and made anew when they are lost. Errors say nothing of the URL. */
export const openPool = ({ url, access, sessionsMax, timeouts, onLost }: SessionOptions): Pool => {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) throw new Error('no URL of a PostgreSQL database');
  const pool = new Pool({
    connectionString: url,
    fallback_application_name: 'kwota-event-store',
    max: sessionsMax,
    // One stays: a lost connection is how a store that nobody uses hears of a server that went away.
    min: 1,
    connectionTimeoutMillis: timeouts.connectMs,
    query_timeout: timeouts.answerMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    types: { getTypeParser: parserOf as typeof types.getTypeParser },
    onConnect: (client) => prepareSession(client, access, timeouts),
  });
  pool.on('error', (error) => {
    // It holds the whole client, which is nothing for a log.
    delete (error as { client?: unknown }).client;
    onLost(error);
  });
  return pool;
};

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [types.builtins.BOOL]: (text) => text === 't',
  [types.builtins.INT4]: Number,
  // Revisions and positions count up one by one and stay far below 2^53.
  [types.builtins.INT8]: Number,
  [types.builtins.BYTEA]: (text) => Buffer.from(text.slice('\\x'.length), 'hex'),
  [types.builtins.JSON]: (text) => JSON.parse(text) as unknown,
};
const parserOf = (oid: number): ((text: string) => unknown) => parsers[oid] ?? String;

/**
 * Sets what the store's promises rest on, whatever the role's, the database's or the URL's settings say, and reads it back. As a statement,
 * not at start-up, since poolers refuse start-up parameters. All statements are look-ups by an index, also on tables of which no
 * statistics are there yet: a plan made on an empty table lives as long as its session.
 */
const prepareSession = async (client: ClientBase, access: Access, { statementMs, lockMs, idleInTransactionMs }: Timeouts): Promise<void> => {
  const settings = {
    default_transaction_isolation: 'read committed',
    default_transaction_read_only: access === 'read' ? 'on' : 'off',
    statement_timeout: `${statementMs}ms`,
    lock_timeout: `${lockMs}ms`,
    idle_in_transaction_session_timeout: `${idleInTransactionMs}ms`,
    bytea_output: 'hex',
    enable_seqscan: 'off',
    jit: 'off',
  };
  const columns = Object.keys(settings).map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, false)`);
  // An operator who waits for the replicas to apply a commit goes on doing so; less than the own disk is refused.
  columns.unshift("set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)");
  const { rows } = await client.query<string[]>({ text: `SELECT ${columns.join(', ')}`, values: Object.entries(settings).flat(), rowMode: 'array' });
  const [synchronousCommit] = rows[0]!;
  if (synchronousCommit !== 'on' && synchronousCommit !== 'remote_apply') throw new Error(`synchronous_commit is ${synchronousCommit}, not on`);
};
