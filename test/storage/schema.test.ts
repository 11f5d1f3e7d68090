import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { channelSchema } from "../../src/storage/channel-schema.ts";
import { lookupSchema } from "../../src/storage/lookup-schema.ts";
import { Schema } from "../../src/storage/schema.ts";
import type { Sql } from "../../src/storage/sql.ts";
import { topicSchema } from "../../src/storage/topic-schema.ts";
import { Database } from "../helpers/sql.ts";
import { dumpDatabase } from "../helpers/storage-dump.ts";

const WRITES = ["CREATE", "DROP", "INSERT", "UPDATE", "DELETE", "ALTER"];

/** Storage of three versions: each migration appends its number to a text. */
function schemaOf(migrations = 2): Schema {
  const append = (digit: number) => (sql: Sql) => void sql.exec("UPDATE text SET value = value || ?", String(digit));
  const unmarked = (sql: Sql) => {
    const isThere = [...sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'text'")].length > 0;
    return isThere ? 1 : null;
  };
  return new Schema(
    unmarked,
    Array.from({ length: migrations }, (_, i) => append(i + 2)),
  );
}

function storage(): { sql: Database; dump: () => string } {
  const database = new DatabaseSync(":memory:");
  return { sql: new Database(database), dump: () => dumpDatabase(database) };
}

function withText(): ReturnType<typeof storage> {
  const made = storage();
  made.sql.exec("CREATE TABLE text (value TEXT)");
  made.sql.exec("INSERT INTO text VALUES ('1')");
  return made;
}

function textOf(sql: Sql): unknown {
  return [...sql.exec("SELECT value FROM text")][0]?.value;
}

describe("Schema", () => {
  it.each([
    ["a topic", topicSchema],
    ["a channel", channelSchema],
    ["Lookup", lookupSchema],
    ["anything", schemaOf()],
  ])("[DUR7] opening the storage of %s that never was writes nothing", (_, schema) => {
    const { sql, dump } = storage();
    schema.open(sql, "x");
    expect([sql.count(...WRITES), dump()]).toEqual([0, ""]);
  });

  it("[DUR11] storage is brought forward through all versions in order, from whichever it has", () => {
    const { sql } = withText();
    schemaOf(0).open(sql, "x");
    expect(textOf(sql)).toBe("1");
    schemaOf(1).open(sql, "x");
    expect(textOf(sql)).toBe("12");
    schemaOf(4).open(sql, "x");
    expect(textOf(sql)).toBe("12345");
  });

  it("[DUR11] storage of the version that is known is opened with two questions and nothing else", () => {
    const { sql, dump } = withText();
    schemaOf().open(sql, "x");
    const before = dump();
    sql.runs.clear();
    schemaOf().open(sql, "x");
    expect([...sql.runs]).toEqual([["SELECT", 2]]);
    expect(dump()).toBe(before);
  });

  it("[DUR11] new storage is marked, and needs no migration", () => {
    const { sql } = withText();
    schemaOf().mark(sql);
    schemaOf().mark(sql);
    schemaOf().open(sql, "x");
    expect(textOf(sql)).toBe("1");
  });

  it("[DUR11] a migration that fails leaves all as it was, and is done at the next opening", () => {
    const { sql, dump } = withText();
    const before = dump();
    for (const failing of ["CREATE VIEW", "DROP VIEW", "UPDATE"]) {
      sql.fails = (statement) => statement.startsWith(failing);
      expect(() => schemaOf().open(sql, "x"), failing).toThrow("disk is full");
      sql.fails = () => false;
      expect(dump(), failing).toBe(before);
    }
    schemaOf().open(sql, "x");
    expect(textOf(sql)).toBe("123");
  });

  it.each([4, 9, 0])("[DUR6] storage of version %i is refused with whose it is, and is not changed", (version) => {
    const { sql, dump } = withText();
    sql.exec(`CREATE VIEW schema AS SELECT ${version} AS version`);
    const before = dump();
    sql.runs.clear();
    expect(() => schemaOf().open(sql, "topic orders")).toThrow(
      new RegExp(
        `^storage of topic orders has schema version ${version}; this nsq-edge knows up to 3.*; nothing was changed$`,
      ),
    );
    expect([sql.count(...WRITES), dump()]).toEqual([0, before]);
  });

  it("[DUR6] storage of a later version is said to come from a newer nsq-edge", () => {
    const { sql } = withText();
    schemaOf(5).open(sql, "x");
    expect(() => schemaOf().open(sql, "x")).toThrow("knows up to 3: a newer one wrote it");
  });
});
