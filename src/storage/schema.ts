// Which version an object's storage has, and how storage of an earlier version is brought forward (docs/decisions/0009).

import { type Sql, selectFirst } from "./sql.ts";

/**
 * Brings storage one version forward. Both versions are history: a migration uses nothing that knows what storage looks like
 * today, since that will change.
 */
export type Migration = (sql: Sql) => void;

export class Schema {
  readonly #unmarkedVersion: (sql: Sql) => number | null;
  readonly #migrations: readonly Migration[];

  /**
   * @param unmarkedVersion the version of storage from before versions were marked; null when nothing is stored
   * @param migrations the first one leads from version 1 to version 2
   */
  constructor(unmarkedVersion: (sql: Sql) => number | null, migrations: readonly Migration[]) {
    this.#unmarkedVersion = unmarkedVersion;
    this.#migrations = migrations;
  }

  /** The version that this code reads and writes. */
  get version(): number {
    return this.#migrations.length + 1;
  }

  /**
   * Brings what is stored to this version: all of it, or nothing. Where nothing is stored, nothing is written.
   * @param owner whose storage it is, for the error
   * @throws {Error} when the version is not known; nothing was changed then
   */
  open(sql: Sql, owner: string): void {
    const marked = markedVersion(sql);
    const found = marked ?? this.#unmarkedVersion(sql);
    if (found === null || marked === this.version) return;
    if (found < 1 || found > this.version) {
      const reason = found > this.version ? ": a newer one wrote it" : "";
      throw new Error(
        `storage of ${owner} has schema version ${found}; this nsq-edge knows up to ${this.version}${reason}; nothing was changed`,
      );
    }
    sql.atomically(() => {
      for (const migrate of this.#migrations.slice(found - 1)) migrate(sql);
      sql.exec("DROP VIEW IF EXISTS schema");
      this.mark(sql);
    });
  }

  /** Marks new storage with this version; what is marked stays as it is. */
  mark(sql: Sql): void {
    // A view costs two rows once, and none to read; a table with one row would cost three.
    sql.exec(`CREATE VIEW IF NOT EXISTS schema AS SELECT ${this.version} AS version`);
  }
}

function markedVersion(sql: Sql): number | null {
  if (selectFirst(sql, "SELECT 1 FROM sqlite_master WHERE name = 'schema'") === null) return null;
  return selectFirst<{ version: number }>(sql, "SELECT version FROM schema")?.version ?? null;
}
