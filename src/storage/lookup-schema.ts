// The versions of Lookup's storage.
//
// 1  The table `topic` has the broker's own topics with their channels, and there is nothing else.
// 2  Own topics are in `own_topic`; in `topic`, `channel` and `registration` is what producers elsewhere have registered.

import { Schema } from "./schema.ts";
import { type Sql, selectFirst } from "./sql.ts";

export const lookupSchema = new Schema(unmarkedVersion, [separateOwnTopics]);

function unmarkedVersion(sql: Sql): number | null {
  // Such a table makes it version 1 also when code that knew only version 2 has put its own beside it.
  const old = "SELECT 1 FROM sqlite_master WHERE name = 'topic' AND sql LIKE '%channels%'";
  if (selectFirst(sql, old) !== null) return 1;
  return selectFirst(sql, "SELECT 1 FROM sqlite_master WHERE name = 'own_topic'") === null ? null : 2;
}

function separateOwnTopics(sql: Sql): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS own_topic (
      name TEXT PRIMARY KEY,
      channels TEXT NOT NULL,
      listed TEXT,
      tombstoned_at INTEGER
    ) WITHOUT ROWID`,
  );
  sql.exec("INSERT OR IGNORE INTO own_topic SELECT name, channels, channels, NULL FROM topic");
  sql.exec("DROP TABLE topic");
  sql.exec("CREATE TABLE topic (name TEXT PRIMARY KEY) WITHOUT ROWID");
  sql.exec("CREATE TABLE IF NOT EXISTS channel (topic TEXT, name TEXT, PRIMARY KEY (topic, name)) WITHOUT ROWID");
  sql.exec(
    `CREATE TABLE IF NOT EXISTS registration (
      topic TEXT,
      channel TEXT,
      producer TEXT,
      tombstoned_at INTEGER,
      PRIMARY KEY (topic, channel, producer)
    ) WITHOUT ROWID`,
  );
  sql.exec("CREATE INDEX IF NOT EXISTS registration_producer ON registration (producer)");
}
