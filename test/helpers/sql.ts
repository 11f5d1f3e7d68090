// SQLite as a Durable Object has it, for tests in plain Node.

import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { Sql, SqlRow, SqlValue } from "../../src/storage/sql.ts";

export class Database implements Sql {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  /** How many statements were run, by their first word. */
  readonly runs = new Map<string, number>();
  /** How many rows were read out of results. */
  rowsRead = 0;
  /** Fails the statements for which this holds. */
  fails: (statement: string) => boolean = () => false;

  constructor(database = new DatabaseSync(":memory:")) {
    this.#database = database;
  }

  exec(statement: string, ...bindings: SqlValue[]): Iterable<SqlRow> {
    const { verb, hasRows, idle } = this.#of(statement);
    this.runs.set(verb, (this.runs.get(verb) ?? 0) + 1);
    if (this.fails(statement)) throw new Error("database or disk is full: SQLITE_FULL");
    const values = bindings.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    const free = idle.pop() ?? this.#database.prepare(statement);
    if (hasRows) return readRows(free, values, () => this.rowsRead++, idle);
    free.run(...values);
    idle.push(free);
    return [];
  }

  atomically(work: () => void): void {
    this.#run("SAVEPOINT work");
    try {
      work();
    } catch (error) {
      this.#run("ROLLBACK TO work");
      throw error;
    } finally {
      this.#run("RELEASE work");
    }
  }

  /** Lets the database grow no further. */
  fillUp(): void {
    this.#database.exec("PRAGMA max_page_count = 1"); // less than there are is as many as there are
  }

  /** Lets it grow again. */
  makeRoom(): void {
    this.#database.exec("PRAGMA max_page_count = 1000000");
  }

  /** How many statements with one of these first words were run. */
  count(...verbs: string[]): number {
    return verbs.reduce((sum, verb) => sum + (this.runs.get(verb) ?? 0), 0);
  }

  /** How many rows a table has. */
  rows(table: string): number {
    return Number(this.#database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
  }

  /** Runs a statement of this class's own, which is not counted. */
  #run(statement: string): void {
    this.#of(statement).idle[0]?.run();
  }

  #of(statement: string): Prepared {
    const known = this.#prepared.get(statement);
    if (known) return known;
    const first = this.#database.prepare(statement);
    const verb = statement.trimStart().split(/\s/, 1)[0] as string;
    const prepared = { verb, hasRows: first.columns().length > 0, idle: [first] };
    this.#prepared.set(statement, prepared);
    return prepared;
  }
}

/** What is known of a statement's text, and those that are not being read. */
interface Prepared {
  readonly verb: string;
  readonly hasRows: boolean;
  readonly idle: StatementSync[];
}

type Bound = number | string | null | Uint8Array;

/** Like a Durable Object it looks a row ahead, so that a result is over with its last row: [BIG2] none may be left before that. */
function* readRows(
  statement: StatementSync,
  values: Bound[],
  onRow: () => void,
  idle: StatementSync[],
): Generator<SqlRow> {
  const rows = statement.iterate(...values);
  let next = rows.next();
  try {
    while (!next.done) {
      const row = next.value as Record<string, SQLOutputValue> as SqlRow;
      onRow();
      next = rows.next();
      yield row;
    }
  } finally {
    rows.return?.();
    idle.push(statement);
    checkOver(next.done === true, statement);
  }
}

function checkOver(isOver: boolean, { sourceSQL }: StatementSync): void {
  if (!isOver) throw new Error(`a result was not read to its end: ${sourceSQL}`);
}
