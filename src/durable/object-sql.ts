// An object's database as the stores use it.

import type { Schema } from "../storage/schema.ts";
import type { Sql } from "../storage/sql.ts";
import type { Usage } from "./usage.ts";

/** WebSocket close code (RFC 6455 7.4.1). */
const INTERNAL_ERROR = 1011;

/**
 * The object's database, brought to the version of this code. What it costs counts as `usage`.
 * @param owner whose it is, for the log
 * @throws {Error} when its version is not known: the object is of no use, and its connections are closed
 */
export function openSql(ctx: DurableObjectState, schema: Schema, owner: string, usage: Usage): Sql {
  const { storage } = ctx;
  const sql: Sql = {
    exec: (statement, ...bindings) => {
      const cursor = storage.sql.exec(statement, ...bindings);
      usage.ran(cursor);
      return usage.rows(cursor);
    },
    atomically: (work) => storage.transactionSync(work),
  };
  try {
    schema.open(sql, owner);
  } catch (error) {
    for (const webSocket of ctx.getWebSockets()) webSocket.close(INTERNAL_ERROR);
    throw error;
  }
  return sql;
}

/** As the runtime words what SQLite says. */
export function isStorageFull(error: unknown): boolean {
  return String(error).includes("SQLITE_FULL");
}
