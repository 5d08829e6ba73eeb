// The tables, and the procedure that makes an append one round trip. Rows of events are inserted and never updated: a long read by
// somebody else (pg_dump, an audit) keeps old versions of rows alive, and a counter or a table of heads would grow slower with each.
import type { Pool } from 'pg';

/** Of the tables and the procedure. */
const formatVersion = 1;
/** First half of the keys of our advisory locks, so that they are nobody else's in this database: "KWOT". */
const lockSpace = 0x4b574f54;

/** So plain that it is the same between double quotes, between single ones and without any. */
export const checkSchemaName = (schema: string): void => {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new RangeError(`no name of a schema: ${schema}`);
};

/** Held by an append up to the end of its commit, so that positions are visible in their order; by nobody who reads. */
export const appendLock = (schema: string): string => `pg_advisory_xact_lock(${lockSpace}, '${schema}.events'::regclass::oid::integer)`;

/**
 * Creates what is not there. Several instances may do it at once: the first one does.
 * @throws Error for another format, and for a database that cannot hold every text
 */
export const prepareSchema = async (pool: Pool, schema: string): Promise<void> => {
  const { rows: found } = await pool.query<[boolean, string]>({ text: `SELECT ${isThereIn(schema)}, current_setting('server_encoding')`, rowMode: 'array' });
  const [isThere, encoding] = found[0]!;
  if (encoding !== 'UTF8') throw new Error(`the database's encoding is ${encoding}, not UTF8`);
  if (!isThere) await pool.query(creationOf(schema));
  await checkFormat(pool, schema);
};

/** @throws Error for another format, and where there is none */
export const checkFormat = async (pool: Pool, schema: string): Promise<void> => {
  const version = await pool.query<[number]>({ text: `SELECT version FROM ${schema}.format`, rowMode: 'array' }).then(
    ({ rows }) => rows[0]?.[0],
    (error: Error & { code?: string }) => {
      if (error.code === undefinedTable) return undefined;
      throw error;
    },
  );
  if (version === undefined) throw new Error(`there is no event store in the schema ${schema}`);
  if (version !== formatVersion) throw new Error(`no event store of format ${formatVersion}: the schema ${schema} says ${version}`);
};

const undefinedTable = '42P01';

/** Asks the table, as to_regclass may answer from what its session remembers. */
const isThereIn = (schema: string): string => `EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = '${schema}' AND tablename = 'format')`;

/** One statement, so that all of it is there or nothing. Names are compared byte by byte, whatever the database's language. */
const creationOf = (schema: string): string => `
DO $create$ BEGIN
  PERFORM pg_advisory_xact_lock(${lockSpace}, 0);
  IF ${isThereIn(schema)} THEN RETURN; END IF;
  CREATE SCHEMA IF NOT EXISTS ${schema};
  CREATE TABLE ${schema}.events (
    position bigint PRIMARY KEY,
    stream text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    UNIQUE (stream, revision)
  );
  CREATE INDEX first_events ON ${schema}.events (position) INCLUDE (stream) WHERE revision = 0;
  CREATE TABLE ${schema}.snapshots (
    stream text COLLATE "C" PRIMARY KEY, revision bigint NOT NULL, reducer_version integer NOT NULL, hash bytea NOT NULL, body bytea NOT NULL
  );
  CREATE TABLE ${schema}.marks (
    name text COLLATE "C", stream text COLLATE "C", revision bigint NOT NULL, PRIMARY KEY (name, stream)
  ) WITH (fillfactor = 50);
  CREATE TABLE ${schema}.format (version integer NOT NULL, probed_at timestamptz NOT NULL);
  ${procedureOf(schema)};
  INSERT INTO ${schema}.format VALUES (${formatVersion}, now());
END $create$`;

/**
 * A procedure, since it commits by itself: the lock is let go before the answer leaves, so that a writer that stands still in the middle
 * of its message, or of reading the answer, holds up no other one. Each statement in it sees what was committed before the lock came.
 *
 * refused: [number of the append (from 1), the stream's head], of each append that was refused. Without appends it only proves
 * that one could be written.
 */
const procedureOf = (schema: string): string => `
CREATE PROCEDURE ${schema}.append_events(
  streams text[], append_streams integer[], expected_revisions bigint[], event_counts integer[],
  event_appends integer[], event_offsets integer[], event_streams text[], ids text[], types text[], datas bytea[], hashes bytea[],
  INOUT refused json
) LANGUAGE plpgsql AS $append$
DECLARE
  appends CONSTANT integer := cardinality(expected_revisions);
  heads bigint[];
  head bigint;
  next_position bigint;
  first_positions bigint[] := array_fill(NULL::bigint, ARRAY[appends]);
  doubted_heads bigint[] := first_positions;
  doubted boolean := false;
BEGIN
  PERFORM ${appendLock(schema)};
  IF appends = 0 THEN
    UPDATE ${schema}.format SET probed_at = now();
    COMMIT;
    RETURN;
  END IF;
  SELECT coalesce(max(events.position), 0) + 1 INTO next_position FROM ${schema}.events;
  SELECT array_agg(coalesce((SELECT max(events.revision) FROM ${schema}.events WHERE events.stream = wanted.stream), -1) ORDER BY wanted.number)
    INTO heads FROM unnest(streams) WITH ORDINALITY AS wanted (stream, number);
  FOR append IN 1 .. appends LOOP
    head := heads[append_streams[append]];
    IF expected_revisions[append] = head THEN
      first_positions[append] := next_position;
      next_position := next_position + event_counts[append];
      heads[append_streams[append]] := head + event_counts[append];
    ELSE
      doubted_heads[append] := head;
      doubted := true;
    END IF;
  END LOOP;
  INSERT INTO ${schema}.events (position, stream, revision, id, type, data, hash)
    SELECT first_positions[event.append] + event.at, event.stream, expected_revisions[event.append] + 1 + event.at, event.id, event.type, event.data, event.hash
    FROM unnest(event_appends, event_offsets, event_streams, ids, types, datas, hashes) AS event (append, at, stream, id, type, data, hash)
    WHERE first_positions[event.append] IS NOT NULL;
  IF doubted THEN
    -- The same append again lies there whole, by ids and hashes, up to the head as it was at its turn.
    WITH other AS (
      SELECT DISTINCT event.append
      FROM unnest(event_appends, event_offsets, event_streams, ids, hashes) AS event (append, at, stream, id, hash)
      LEFT JOIN ${schema}.events AS stored ON stored.stream = event.stream AND stored.revision = expected_revisions[event.append] + 1 + event.at
      WHERE doubted_heads[event.append] IS NOT NULL AND (stored.id IS DISTINCT FROM event.id OR stored.hash IS DISTINCT FROM event.hash)
    )
    SELECT json_agg(json_build_array(append, doubted_heads[append])) INTO refused
    FROM generate_series(1, appends) AS append
    WHERE doubted_heads[append] IS NOT NULL AND (
      event_counts[append] = 0
      OR expected_revisions[append] + event_counts[append] > doubted_heads[append]
      OR append IN (SELECT other.append FROM other)
    );
    -- Replicas are waited for by who writes alone: a repeat writes, so that what it repeats has reached them when it says so.
    UPDATE ${schema}.format SET probed_at = now();
  END IF;
  COMMIT;
END $append$`;
