// What the objects of a broker have stored, as text: a file of SQL for each object, which begins with its class and name.

import { createHash, createHmac } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface ObjectDump {
  readonly className: "Topic" | "Channel" | "Lookup";
  /** As in src/durable/object-names.ts. */
  readonly name: string;
  /** Makes the tables and fills them. */
  readonly sql: string;
}

const HEADER = /^-- (Topic|Channel|Lookup) (\S+)\n/;

/** The object's database in the data folder of a workerd process. */
export function databasePath(dataDir: string, className: ObjectDump["className"], name: string): string {
  return join(dataDir, className, `${objectId(className, name)}.sqlite`);
}

/** How workerd makes the id of a name, from the unique key of the namespace (workerd src/workerd/server/actor-id-impl.c++). */
function objectId(uniqueKey: string, name: string): string {
  const key = createHash("sha256").update(uniqueKey).digest();
  const half = (data: string | Buffer) => createHmac("sha256", key).update(data).digest().subarray(0, 16);
  const base = half(name);
  return Buffer.concat([base, half(base)]).toString("hex");
}

/** What an object has stored; null when that is nothing. */
export function dumpObject(dataDir: string, className: ObjectDump["className"], name: string): ObjectDump | null {
  const path = databasePath(dataDir, className, name);
  if (!existsSync(path)) return null;
  const database = new DatabaseSync(path);
  const sql = dumpDatabase(database);
  database.close();
  return sql === "" ? null : { className, name, sql };
}

export function dumpDatabase(database: DatabaseSync): string {
  const rows = (statement: string) => database.prepare(statement).all() as Record<string, string>[];
  // The runtime's own tables are not the object's.
  const own = "name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL";
  const lines: string[] = [];
  for (const { type, name, sql } of rows(`SELECT type, name, sql FROM sqlite_master WHERE ${own} ORDER BY rowid`)) {
    lines.push(`${sql};`);
    if (type !== "table") continue;
    const columns = rows(`SELECT name FROM pragma_table_info('${name}')`).map((column) => `quote("${column.name}")`);
    for (const { row } of rows(`SELECT ${columns.join(" || ', ' || ")} AS row FROM "${name}"`)) {
      lines.push(`INSERT INTO ${name} VALUES (${row});`);
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Puts what an object had stored into the data folder of a workerd process that does not run. */
export function restoreObject(dataDir: string, { className, name, sql }: ObjectDump): void {
  mkdirSync(join(dataDir, className), { recursive: true });
  const database = new DatabaseSync(databasePath(dataDir, className, name));
  database.exec(sql);
  database.close();
}

export function writeDump(dir: string, { className, name, sql }: ObjectDump): void {
  mkdirSync(dir, { recursive: true });
  const file = [className.toLowerCase(), ...name.split("/").slice(1)].join(".").replaceAll("#", "_");
  writeFileSync(join(dir, `${file}.sql`), `-- ${className} ${name}\n${sql}`);
}

export function readDumps(dir: string): ObjectDump[] {
  return readdirSync(dir).map((file) => {
    const text = readFileSync(join(dir, file), "utf8");
    const [header, className, name] = HEADER.exec(text) ?? [];
    if (header === undefined) throw new Error(`${file} does not say whose storage it is`);
    return { className: className as ObjectDump["className"], name: name as string, sql: text.slice(header.length) };
  });
}
