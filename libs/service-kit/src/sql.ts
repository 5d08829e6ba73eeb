// Statements over many rows, alike on SQLite and PostgreSQL. Plain SQL: a query builder costs more for each row than SQLite itself.
import type { EntityManager } from 'typeorm';

export type SqlValue = string | number | null;

/** A statement of SQLite takes 32,766 values, of PostgreSQL 65,535; the widest row here has 21. */
const rowsMax = 500;

type Placeholder = (position: number) => string;
const numbered: Placeholder = (position) => `$${position}`;
const plain: Placeholder = () => '?';

const placeholderOf = (manager: EntityManager): Placeholder => (manager.connection.options.type === 'postgres' ? numbered : plain);

/** `(?, ?), (?, ?)`: so many rows of so many values. */
const listOf = (placeholder: Placeholder, rows: number, columns: number): string => {
  const row = (first: number): string => `(${Array.from({ length: columns }, (_, column) => placeholder(first + column)).join(', ')})`;
  if (placeholder === plain) return `${`${row(1)}, `.repeat(rows - 1)}${row(1)}`;
  return Array.from({ length: rows }, (_, index) => row(index * columns + 1)).join(', ');
};

/** Runs the statement for at most 500 rows at a time, all of as many values. `sqlOf` gets the rows as `(?, ?), (?, ?)`; the fixed values come behind the rows'. */
export const forRows = async <Row>(
  manager: EntityManager,
  rows: readonly (readonly SqlValue[])[],
  sqlOf: (values: string) => string,
): Promise<Row[]> => {
  const placeholder = placeholderOf(manager);
  const results: Row[] = [];
  for (let from = 0; from < rows.length; from += rowsMax) {
    const some = rows.slice(from, from + rowsMax);
    const values: SqlValue[] = [];
    for (const row of some) for (const value of row) values.push(value);
    results.push(...rowsIn<Row>(await manager.query(sqlOf(listOf(placeholder, some.length, values.length / some.length)), values)));
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
