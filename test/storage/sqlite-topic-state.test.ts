import { describe, expect, it } from "vitest";
import { type SavedTopic, SqliteTopicState } from "../../src/storage/sqlite-topic-state.ts";
import { topicState } from "../helpers/channel.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

function savedTopic(topic: Partial<SavedTopic> = {}): SavedTopic {
  return { ...topicState(), isNew: false, isScraped: false, isDeleting: false, removedChannels: {}, ...topic };
}

function stateIn(database: Database): SqliteTopicState {
  const state = new SqliteTopicState(database);
  state.createTable();
  return state;
}

describe("SqliteTopicState", () => {
  it("[DUR7] looking for a topic that never was writes nothing", () => {
    const database = new Database();
    expect(new SqliteTopicState(database).load()).toBeNull();
    expect([...database.runs.keys()]).toEqual(["SELECT"]);
  });

  it("[DUR3] a topic is read back as it was saved last", () => {
    const database = new Database();
    const state = stateIn(database);
    expect(state.load()).toBeNull();
    state.save(savedTopic());
    const last = savedTopic({
      start: T0 * 1_024,
      fanout: T0 * 1_024 + 77,
      isPaused: true,
      isDeleting: true,
      channels: {
        "a#ephemeral": { life: { id: 1, start: 5 }, dropped: 2 },
        "7": { life: { id: 2, start: 6 }, dropped: 0 },
      },
      dropped: [{ from: 4, to: 6 }],
      removedChannels: { gone: 3 },
      free: T0 * 1_024 + 5,
    });
    state.save(last);
    expect(stateIn(database).load()).toEqual(last);
    expect(database.rows("topic")).toBe(1);
  });

  it("[DUR3] any valid name of a channel is kept", () => {
    const state = stateIn(new Database());
    const place = { life: { id: 1, start: 1 }, dropped: 0 };
    const channels = JSON.parse(`{"__proto__":${JSON.stringify(place)},"constructor":${JSON.stringify(place)}}`);
    state.save(savedTopic({ channels, removedChannels: JSON.parse('{"__proto__":9}') }));
    const loaded = state.load();
    expect(Object.entries(loaded?.channels ?? {})).toEqual(Object.entries(channels));
    expect(Object.entries(loaded?.removedChannels ?? {})).toEqual([["__proto__", 9]]);
  });

  it("[LKP7] a topic that is gone is none, but it is known that it was there, until there is a new one", () => {
    const database = new Database();
    const state = new SqliteTopicState(database);
    expect(state.isGone).toBe(false);
    state.saveGone();
    expect([stateIn(database).load(), stateIn(database).isGone]).toEqual([null, true]);
    state.save(savedTopic());
    expect([stateIn(database).load(), stateIn(database).isGone]).toEqual([savedTopic(), false]);
  });
});
