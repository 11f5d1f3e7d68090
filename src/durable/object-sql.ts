// An object's database as the stores use it.

import type { Sql } from "../storage/sql.ts";

export function objectSql(storage: DurableObjectStorage): Sql {
  return {
    exec: (statement, ...bindings) => storage.sql.exec(statement, ...bindings),
    atomically: (work) => storage.transactionSync(work),
  };
}
