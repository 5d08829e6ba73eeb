// Statements over many rows, alike on SQLite and PostgreSQL. Plain SQL: a query builder costs more for each row than SQLite itself.
import type { EntityManager } from 'typeorm';

export type SqlValue = string | number | null;

/** A statement of SQLite takes 32,766 values, of PostgreSQL 65,535; the widest row here has 21. */
export const rowsMax = 512;
/** SQLite: so few rows are always one statement. */
const wholeRowsMax = 8;

type Placeholder = (position: number) => string;
const numbered: Placeholder = (position) => `$${position}`;
const plain: Placeholder = () => '?';

const placeholderOf = (manager: EntityManager): Placeholder => (manager.connection.options.type === 'postgres' ? numbered : plain);

/**
 * How many of the rows left the next statement takes. A statement of SQLite's is prepared once for each number of rows, and that costs
 * half as much as running it, or more: powers of two keep them few, and kept. PostgreSQL's would each wait for the network.
 */
const pieceOf = (left: number, placeholder: Placeholder): number => {
  if (left >= rowsMax) return rowsMax;
  return placeholder === numbered || left <= wholeRowsMax ? left : 2 ** Math.floor(Math.log2(left));
};

/** Of SQLite's statements, which come in few sizes. */
const plainLists = new Map<string, string>();

/** `(?, ?), (?, ?)`: so many rows of so many values. */
const listOf = (placeholder: Placeholder, rows: number, columns: number): string => {
  const row = (first: number): string => `(${Array.from({ length: columns }, (_, column) => placeholder(first + column)).join(', ')})`;
  const list = (): string => Array.from({ length: rows }, (_, index) => row(index * columns + 1)).join(', ');
  if (placeholder === numbered) return list();
  const size = `${rows} ${columns}`;
  const known = plainLists.get(size) ?? list();
  plainLists.set(size, known);
  return known;
};

/** Runs the statement for some rows at a time, at most 512, all of as many values. `sqlOf` gets the rows as `(?, ?), (?, ?)`. */
export const forRows = async <Row>(
  manager: EntityManager,
  rows: readonly (readonly SqlValue[])[],
  sqlOf: (values: string) => string,
): Promise<Row[]> => {
  const results: Row[] = [];
  await inPieces(manager, rows, sqlOf, (result) => results.push(...rowsIn<Row>(result)));
  return results;
};

/**
 * On SQLite: as forRows; `inserted` is told which rows were inserted, `to` excluded, and the id that the last of them got. Those of one call have ids that follow
 * each other, where the table's are given in order and by itself.
 */
export const insertRows = (
  manager: EntityManager,
  rows: readonly (readonly SqlValue[])[],
  sqlOf: (values: string) => string,
  inserted: (from: number, to: number, lastId: number) => void,
): Promise<void> => inPieces(manager, rows, sqlOf, (result, from, to) => inserted(from, to, Number(result)));

const inPieces = async (
  manager: EntityManager,
  rows: readonly (readonly SqlValue[])[],
  sqlOf: (values: string) => string,
  done: (result: unknown, from: number, to: number) => void,
): Promise<void> => {
  const placeholder = placeholderOf(manager);
  let to = 0;
  for (let from = 0; from < rows.length; from = to) {
    to = from + pieceOf(rows.length - from, placeholder);
    const values: SqlValue[] = [];
    for (const row of rows.slice(from, to)) for (const value of row) values.push(value);
    done(await manager.query(sqlOf(listOf(placeholder, to - from, values.length / (to - from))), values), from, to);
  }
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
