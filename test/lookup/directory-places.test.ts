import { describe, expect, it } from "vitest";
import { Directory, type DirectoryLimits, type Producer } from "../../src/lookup/directory.ts";
import { RegistrationDb } from "../../src/storage/registration-db.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";
import { PEER } from "../helpers/v1-session.ts";

const LIMITS: DirectoryLimits = { inactiveProducerTimeoutMs: 300_000, tombstoneLifetimeMs: 45_000 };
const OWN_NODE = "edge:4151";

/** A producer whose hostname is its id. */
function producer(id: string, said: Partial<Producer["info"]> = {}, lastUpdate = T0): Producer {
  return { id, info: { remote_address: id, ...PEER, hostname: id, ...said }, lastUpdate };
}

function open(producers: readonly Producer[] = [], limits: Partial<DirectoryLimits> = {}) {
  const db = new RegistrationDb(new Database());
  const known = new Map(producers.map((one) => [one.id, one]));
  return { db, known, directory: new Directory(db, known, { ...LIMITS, ...limits }) };
}

/** Whose tombstones for a topic are there, without regard to their age. */
function tombstoned(db: RegistrationDb, topic: string): string[] {
  const others = db.producersOf(topic).filter(({ tombstonedAt }) => tombstonedAt !== null);
  return [...(db.ownTopic(topic)?.tombstonedAt != null ? ["own"] : []), ...others.map((one) => one.producer)];
}

describe("Directory: who is told of", () => {
  it("[LKP5] limits of 0: who was heard of now is there, and a tombstone hides nobody", () => {
    const { db, directory } = open([producer("a")], { inactiveProducerTimeoutMs: 0, tombstoneLifetimeMs: 0 });
    db.announce("t", []);
    db.register("a", "t", null);
    directory.tombstone("t", OWN_NODE, OWN_NODE, T0);
    directory.tombstone("t", "10.0.0.9:5001", OWN_NODE, T0);
    expect(directory.lookup("t", T0)).toEqual({ channels: [], isOwn: true, producers: [producer("a").info] });
    expect(directory.lookup("t", T0 + 1)?.producers).toEqual([]);
    expect(directory.nodes(T0)).toMatchObject({ own: { tombstones: [false] }, others: [{ tombstones: [false] }] });
  });

  it("[LKP5] a clock that went back hides nobody", () => {
    const { db, directory } = open([producer("a")]);
    db.register("a", "t", null);
    expect(directory.lookup("t", T0 - 1)?.producers).toHaveLength(1);
    expect(directory.nodes(T0 - 1).others).toHaveLength(1);
  });

  it("[LKP5] the broker is never silent", () => {
    const { db, directory } = open();
    db.announce("t", []);
    const late = T0 + 10 * LIMITS.inactiveProducerTimeoutMs;
    expect([directory.lookup("t", late)?.isOwn, directory.nodes(late).own.topics]).toEqual([true, ["t"]]);
  });

  it("[LKP5] a registration whose producer is not there is told nowhere; its names are", () => {
    const { db, directory } = open();
    db.register("lost", "t", "c");
    expect(directory.lookup("t", T0)).toEqual({ channels: ["c"], isOwn: false, producers: [] });
    expect(directory.nodes(T0)).toEqual({ own: { topics: [], tombstones: [] }, others: [] });
    expect(directory.debug().map(({ key }) => key)).toEqual(["client::"]);
    expect(() => directory.tombstone("t", "10.0.0.9:5001", OWN_NODE, T0)).not.toThrow();
  });

  it("[LKP6] a producer of a channel alone is none of the topic", () => {
    const { db, directory } = open([producer("a")]);
    db.register("a", "t", "c");
    db.unregister("a", "t", "c");
    db.deleteTopic("t");
    db.createChannel("t", "c");
    expect(directory.lookup("t", T0)).toEqual({ channels: ["c"], isOwn: false, producers: [] });
  });

  it("[LKP6] the broker is no producer of an own topic that was deleted from the list", () => {
    const { db, directory } = open([producer("a")]);
    db.announce("t", ["own"]);
    db.deleteTopic("t");
    expect(directory.lookup("t", T0)).toBeNull();
    db.register("a", "t", "c");
    expect(directory.lookup("t", T0)).toEqual({ channels: ["c"], isOwn: false, producers: [producer("a").info] });
    expect(directory.nodes(T0).own).toEqual({ topics: [], tombstones: [] });
    expect(directory.debug().map(({ key, own }) => [key, own !== null])).toEqual([
      ["client::", true],
      ["topic:t:", false],
      ["channel:t:c", false],
    ]);
  });

  it("[LKP6] a name is a name: * is no topic, and no node", () => {
    const { db, directory } = open([producer("a")]);
    db.announce("t", []);
    db.register("a", "t", null);
    for (const [topic, node] of [
      ["*", OWN_NODE],
      ["*", "10.0.0.9:5001"],
      ["t", "*"],
      ["t", ""],
      ["t", "*:*"],
    ] as const)
      directory.tombstone(topic, node, OWN_NODE, T0);
    expect([directory.lookup("*", T0), tombstoned(db, "t")]).toEqual([null, []]);
  });
});

describe("Directory: tombstones", () => {
  it("[LKP5] meet the address and HTTP port that a producer says, not its connection, hostname or TCP port", () => {
    const { db, directory } = open([producer("h:1")]);
    db.register("h:1", "t", null);
    for (const node of ["h:1", "h:1:5001", "10.0.0.9", "10.0.0.9:5000", "10.0.0.9:50010", "10.0.0.9:5001 "]) {
      directory.tombstone("t", node, OWN_NODE, T0);
    }
    expect(tombstoned(db, "t")).toEqual([]);
    directory.tombstone("t", "10.0.0.9:5001", OWN_NODE, T0);
    expect(tombstoned(db, "t")).toEqual(["h:1"]);
  });

  it("[LKP5] meet everybody at a node, the broker, too, and also who is silent", () => {
    const said = { broadcast_address: "edge", http_port: 4151 };
    const { db, directory } = open([producer("a", said), producer("b", said, 0), producer("c")]);
    for (const topic of ["t", "u"]) for (const id of ["a", "b", "c"]) db.register(id, topic, "ch");
    db.announce("t", []);
    directory.tombstone("t", OWN_NODE, OWN_NODE, T0);
    expect([tombstoned(db, "t"), tombstoned(db, "u")]).toEqual([["own", "a", "b"], []]);
    expect(directory.lookup("t", T0)).toEqual({ channels: ["ch"], isOwn: false, producers: [producer("c").info] });
  });

  it("[LKP5] last from the latest one on", () => {
    const { db, directory } = open([producer("a")]);
    db.register("a", "t", null);
    directory.tombstone("t", "10.0.0.9:5001", OWN_NODE, T0);
    directory.tombstone("t", "10.0.0.9:5001", OWN_NODE, T0 + 40_000);
    const found = [84_999, 85_000].map((after) => directory.lookup("t", T0 + after)?.producers.length);
    expect(found).toEqual([0, 1]);
  });

  it("[LKP5] end when the producer unregisters and registers, or comes with a new connection", () => {
    const { db, known, directory } = open([producer("a")]);
    db.register("a", "t", null);
    directory.tombstone("t", "10.0.0.9:5001", OWN_NODE, T0);
    db.register("a", "t", null);
    expect(directory.lookup("t", T0)?.producers).toEqual([]);
    known.set("b", producer("b"));
    db.register("b", "t", null);
    expect(directory.lookup("t", T0)?.producers).toEqual([producer("b").info]);
    db.unregister("a", "t", null);
    db.register("a", "t", null);
    expect(directory.lookup("t", T0)?.producers).toEqual([producer("a").info, producer("b").info]);
  });
});

describe("Directory: nodes and places", () => {
  it("[LKP6] a node's tombstones stand in the order of its topics, and end exactly with their lifetime", () => {
    const { db, directory } = open([producer("a")]);
    for (const topic of ["c", "a", "b", "__proto__"]) {
      db.announce(topic, ["ch"]);
      db.register("a", topic, "ch");
    }
    for (const topic of ["b", "__proto__"]) {
      directory.tombstone(topic, OWN_NODE, OWN_NODE, T0);
      directory.tombstone(topic, "10.0.0.9:5001", OWN_NODE, T0);
    }
    const topics = ["__proto__", "a", "b", "c"];
    const hidden = { topics, tombstones: [true, false, true, false] };
    const free = { topics, tombstones: [false, false, false, false] };
    expect(directory.nodes(T0 + 44_999)).toEqual({ own: hidden, others: [{ ...producer("a").info, ...hidden }] });
    expect(directory.nodes(T0 + 45_000)).toEqual({ own: free, others: [{ ...producer("a").info, ...free }] });
  });

  it("[LKP5] nodes are there until they were silent for longer than the timeout", () => {
    const { directory } = open([producer("a"), producer("b", {}, T0 + 1)]);
    const shown = [300_000, 300_001, 300_002].map((after) =>
      directory.nodes(T0 + after).others.map(({ hostname }) => hostname),
    );
    expect(shown).toEqual([["a", "b"], ["b"], []]);
  });

  it("[LKP6] places tell of everybody, also of who is silent or hidden, with the tombstones of topics", () => {
    const silent = producer("a", {}, 0);
    const { db, directory } = open([silent, producer("b")]);
    db.announce("t", ["x", "y"]);
    db.announce("u", []);
    db.deleteChannel("t", "y");
    db.register("a", "t", "x");
    db.register("b", "t", null);
    db.tombstone("t", "a", T0);
    db.tombstone("t", null, T0 + 1);
    const free = { tombstonedAt: null };
    expect(directory.debug()).toEqual([
      {
        key: "client::",
        own: free,
        producers: [
          { ...silent, ...free },
          { ...producer("b"), ...free },
        ],
      },
      {
        key: "topic:t:",
        own: { tombstonedAt: T0 + 1 },
        producers: [
          { ...silent, tombstonedAt: T0 },
          { ...producer("b"), ...free },
        ],
      },
      { key: "channel:t:x", own: free, producers: [{ ...silent, ...free }] },
      { key: "topic:u:", own: free, producers: [] },
    ]);
  });
});
