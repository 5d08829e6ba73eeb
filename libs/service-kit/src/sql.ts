// Statements over many rows, alike on SQLite and PostgreSQL. Plain SQL: a query builder costs more for each row than SQLite itself.
import type { EntityManager } from 'typeorm';

export type SqlValue = string | number | null;

/** A statement of SQLite takes 32,766 values, of PostgreSQL 65,535; the widest row here has 21. */
const rowsMax = 500;

const placeholderOf = (manager: EntityManager): ((position: number) => string) =>
  manager.connection.options.type === 'postgres' ? (position) => `$${position}` : () => '?';

/** Runs the statement for at most 500 rows at a time. `sqlOf` gets the rows as `(?, ?), (?, ?)`; the fixed values come behind the rows'. */
export const forRows = async <Row>(
  manager: EntityManager,
  rows: readonly (readonly SqlValue[])[],
  sqlOf: (values: string) => string,
): Promise<Row[]> => {
  const placeholder = placeholderOf(manager);
  const results: Row[] = [];
  for (let from = 0; from < rows.length; from += rowsMax) {
    const some = rows.slice(from, from + rowsMax);
    let position = 0;
    const values = some.map((row) => `(${row.map(() => placeholder((position += 1))).join(', ')})`).join(', ');
    results.push(...rowsIn<Row>(await manager.query(sqlOf(values), some.flat())));
  }
  return results;
};

/** One statement; `sql` has a `?` for each value. */
export const run = async <Row>(manager: EntityManager, sql: string, values: readonly SqlValue[] = []): Promise<Row[]> => {
  const placeholder = placeholderOf(manager);
  let position = 0;
  return rowsIn<Row>(await manager.query(sql.replaceAll('?', () => placeholder((position += 1))), [...values]));
};

/** For PostgreSQL TypeORM gives [rows, count] after UPDATE and DELETE, and rows otherwise. */
const rowsIn = <Row>(result: unknown): Row[] => {
  if (!Array.isArray(result)) return [];
  const [first, second] = result;
  return Array.isArray(first) && typeof second === 'number' ? first : result;
};
