// The little of a SQL database that the stores use: a Durable Object's `storage.sql` has this shape, and so has a wrapper
// around node:sqlite in the tests.

export type SqlValue = number | string | null | ArrayBuffer | Uint8Array;
export type SqlRow = Record<string, SqlValue>;

export interface Sql {
  /** Runs one statement at once; its rows are read while they are iterated over. */
  exec(statement: string, ...bindings: SqlValue[]): Iterable<SqlRow>;
  /** Does all of it or, when it throws, nothing. */
  atomically(work: () => void): void;
}

/** The rows of a SELECT, which has the columns of `R`. */
export function select<R extends SqlRow>(sql: Sql, statement: string, ...bindings: SqlValue[]): Iterable<R> {
  return sql.exec(statement, ...bindings) as Iterable<R>;
}

/** The first row of a SELECT, or null. */
export function selectFirst<R extends SqlRow>(sql: Sql, statement: string, ...bindings: SqlValue[]): R | null {
  for (const row of select<R>(sql, statement, ...bindings)) return row;
  return null;
}

export function toBytes(blob: ArrayBuffer | Uint8Array): Uint8Array {
  return blob instanceof Uint8Array ? blob : new Uint8Array(blob);
}
