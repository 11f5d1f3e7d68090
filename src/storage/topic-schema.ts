// The versions of a topic's storage.
//
// 1  A channel is known by the seq where it begins. What was written last under this number has lives already, and what was written
//    first lacks two figures.
// 2  Each life of a channel has an id (docs/decisions/0008).
// 3  The version is marked in the schema, no longer in the row of the topic; and the topic says below which seq its log is free.
// 4  The topic says whether a scrape has ever asked it.

import { isEphemeral } from "../protocol/names.ts";
import { Schema } from "./schema.ts";
import { type Sql, selectFirst } from "./sql.ts";

/** The id of a life of version 1 of an ephemeral channel, whose object did not write down where it begins. */
const EPHEMERAL_LIFE = 1;

interface TopicV1 {
  readonly start: number;
  readonly channels: Readonly<Record<string, { readonly start: number; readonly dropped: number }>>;
  readonly removedChannels: Readonly<Record<string, number>>;
}

export const topicSchema = new Schema(unmarkedVersion, [giveLives, dropVersionColumnAndAddFree, addIsScraped]);

function unmarkedVersion(sql: Sql): number | null {
  if (selectFirst(sql, "SELECT 1 FROM sqlite_master WHERE name = 'topic'") === null) return null;
  return selectFirst<{ version: number }>(sql, "SELECT version FROM topic")?.version ?? 2;
}

function giveLives(sql: Sql): void {
  const row = selectFirst<{ state: string }>(sql, "SELECT state FROM topic");
  const state = row && (JSON.parse(row.state) as TopicV1 | { nextLife: number } | "gone");
  if (state === null || state === "gone" || "nextLife" in state) return;
  sql.exec("UPDATE topic SET state = ?", JSON.stringify(withLives(state)));
}

/** The id of a life is the seq where it begins: the channel's object gives itself the same one. */
function withLives(topic: TopicV1): object {
  const lifeId = (name: string, start: number) => (isEphemeral(name) ? EPHEMERAL_LIFE : start);
  const channels = Object.entries(topic.channels).map(([name, { start, dropped }]) => {
    return [name, { life: { id: lifeId(name, start), start }, dropped }] as const;
  });
  const living = new Map(channels.map(([name, { life }]) => [name, life.id]));
  const removed = Object.entries(topic.removedChannels)
    .map(([name, start]) => [name, lifeId(name, start)] as const)
    // A life that began where the next one did had no messages: there is nothing to end.
    .filter(([name, id]) => living.get(name) !== id);
  const ids = [...living.values(), ...removed.map(([, id]) => id)];
  return {
    uncounted: 0,
    isNew: false,
    ...topic,
    channels: Object.fromEntries(channels),
    removedChannels: Object.fromEntries(removed),
    nextLife: Math.max(topic.start, ...ids) + 1,
  };
}

function dropVersionColumnAndAddFree(sql: Sql): void {
  sql.exec("ALTER TABLE topic DROP COLUMN version");
  const row = selectFirst<{ state: string }>(sql, "SELECT state FROM topic");
  const state = row && (JSON.parse(row.state) as { start: number } | "gone");
  if (state === null || state === "gone") return;
  // Nothing is known to be free: its channels will say it.
  sql.exec("UPDATE topic SET state = ?", JSON.stringify({ ...state, free: state.start }));
}

function addIsScraped(sql: Sql): void {
  const row = selectFirst<{ state: string }>(sql, "SELECT state FROM topic");
  const state = row && (JSON.parse(row.state) as object | "gone");
  if (state === null || state === "gone") return;
  sql.exec("UPDATE topic SET state = ?", JSON.stringify({ ...state, isScraped: false }));
}
