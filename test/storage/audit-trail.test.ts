import { describe, expect, it } from "vitest";
import { type Action, AuditTrail, MAX_ENTRIES } from "../../src/storage/audit-trail.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

function action(changes: Partial<Action> = {}): Action {
  return {
    user: "bob",
    remote_ip: "192.0.2.1",
    user_agent: "test",
    url: "https://broker/admin/api/topics/t",
    action: "pause_topic",
    topic: "t",
    channel: "",
    node: "",
    message_id: "",
    ...changes,
  };
}

function ids(trail: AuditTrail, before: number | null, limit: number): number[] {
  return trail.page(before, limit).map(({ id }) => id);
}

describe("AuditTrail", () => {
  it("[ADM3] has an action before it is carried out, and its outcome afterwards", () => {
    const trail = new AuditTrail(new Database());
    const id = trail.begin(action(), T0 + 999);
    const { url, ...shown } = action();
    const entry = { id: 1, timestamp: Math.floor((T0 + 999) / 1000), ...shown, outcome: "" };
    expect(trail.page(null, 10)).toEqual([entry]);
    expect(trail.settle(id, "done")).toEqual({ ...entry, outcome: "done", url });
    expect(trail.page(null, 10)).toEqual([{ ...entry, outcome: "done" }]);
  });

  it("[ADM3] pages go from the newest to the oldest", () => {
    const trail = new AuditTrail(new Database());
    for (let i = 0; i < 5; i++) trail.begin(action(), T0);
    expect(ids(trail, null, 2)).toEqual([5, 4]);
    expect(ids(trail, 4, 2)).toEqual([3, 2]);
    expect(ids(trail, 2, 2)).toEqual([1]);
    expect(ids(trail, 1, 2)).toEqual([]);
    expect(ids(trail, 100, 2)).toEqual([5, 4]);
  });

  it("[ADM3] goes on where an earlier life of the object ended", () => {
    const database = new Database();
    new AuditTrail(database).begin(action(), T0);
    const next = new AuditTrail(database);
    expect(ids(next, null, 10)).toEqual([1]);
    expect(next.begin(action(), T0)).toBe(2);
    expect(ids(next, null, 10)).toEqual([2, 1]);
  });

  it("[ADM3] where nothing was done nothing is stored, and asking stores nothing", () => {
    const database = new Database();
    const trail = new AuditTrail(database);
    expect(trail.page(null, 10)).toEqual([]);
    expect(trail.settle(1, "done")).toBeNull();
    expect(database.count("CREATE", "INSERT", "UPDATE", "DELETE")).toBe(0);
  });

  it("[ADM3] keeps the newest ten thousand: each one takes the row of one that is older", () => {
    const database = new Database();
    const trail = new AuditTrail(database);
    const total = MAX_ENTRIES + 3;
    for (let i = 0; i < total; i++) trail.begin(action({ topic: `t${i + 1}` }), T0);
    expect(database.rows("audit")).toBe(MAX_ENTRIES);
    expect(trail.page(null, 2).map(({ id, topic }) => [id, topic])).toEqual([
      [total, `t${total}`],
      [total - 1, `t${total - 1}`],
    ]);
    expect(ids(trail, 6, 10)).toEqual([5, 4]);
    expect(ids(new AuditTrail(database), null, total).length).toBe(MAX_ENTRIES);
    expect(database.count("DELETE")).toBe(0);
  });

  it("[ADM3] the outcome of an action that is kept no more changes no other", () => {
    const trail = new AuditTrail(new Database());
    for (let i = 0; i <= MAX_ENTRIES; i++) trail.begin(action(), T0);
    expect(trail.settle(1, "done")).toBeNull();
    expect(trail.page(null, 1)).toMatchObject([{ id: MAX_ENTRIES + 1, outcome: "" }]);
  });

  it("[ADM3] texts are cut at 256 characters", () => {
    const trail = new AuditTrail(new Database());
    const long = "x".repeat(300);
    const id = trail.begin(action({ user: long, user_agent: long, url: long, topic: long }), T0);
    const cut = "x".repeat(256);
    expect(trail.settle(id, long)).toMatchObject({ user: cut, user_agent: cut, url: cut, topic: cut, outcome: cut });
  });
});
