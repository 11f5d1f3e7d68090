import { describe, expect, it } from "vitest";
import { Directory, type Producer } from "../../src/lookup/directory.ts";
import { RegistrationDb } from "../../src/storage/registration-db.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const TIMEOUT = 300_000;
const LIFETIME = 45_000;
const OWN_NODE = "edge:4151";

/** A directory with producers that introduced themselves at T0, by id. */
function directoryOf(...ids: string[]) {
  const db = new RegistrationDb(new Database());
  const producers = new Map(ids.map((id) => [id, producer(id)]));
  const limits = { inactiveProducerTimeoutMs: TIMEOUT, tombstoneLifetimeMs: LIFETIME };
  return { db, producers, directory: new Directory(db, producers, limits) };
}

function producer(id: string, lastUpdate = T0): Producer {
  const info = {
    remote_address: `10.0.0.1:${id.length}`,
    hostname: id,
    broadcast_address: id,
    tcp_port: 4150,
    http_port: 4151,
    version: "1.0",
    topology_zone: "",
    topology_region: "",
  };
  return { id, info, lastUpdate };
}

/** Who /lookup tells of, the broker as "own". */
function told(directory: Directory, topic: string, now = T0): string[] | null {
  const found = directory.lookup(topic, now);
  return found && [...(found.isOwn ? ["own"] : []), ...found.producers.map(({ hostname }) => hostname)];
}

describe("Directory", () => {
  it("[LKP6] a topic that nobody ever registered is not known; one without producers is", () => {
    const { db, directory } = directoryOf("a");
    expect(directory.lookup("t", T0)).toBeNull();
    db.createTopic("t");
    expect(directory.lookup("t", T0)).toEqual({ channels: [], isOwn: false, producers: [] });
  });

  it("[LKP6] tells of the broker and of all others, with the channels of both", () => {
    const { db, directory } = directoryOf("a", "b");
    db.announce("t", ["own"]);
    db.register("a", "t", "ch");
    db.register("b", "t", null);
    expect(told(directory, "t")).toEqual(["own", "a", "b"]);
    expect(directory.lookup("t", T0)?.channels).toEqual(["ch", "own"]);
  });

  it("[LKP5] a producer is told of until it was silent for longer than the timeout", () => {
    const { db, directory, producers } = directoryOf("a");
    db.register("a", "t", null);
    expect(told(directory, "t", T0 + TIMEOUT)).toEqual(["a"]);
    expect(told(directory, "t", T0 + TIMEOUT + 1)).toEqual([]);
    expect(directory.nodes(T0 + TIMEOUT + 1).others).toEqual([]);
    producers.set("a", producer("a", T0 + 1));
    expect(told(directory, "t", T0 + TIMEOUT + 1)).toEqual(["a"]);
  });

  it("[LKP5] a tombstone hides a producer of one topic for its lifetime, and not its node", () => {
    const { db, directory } = directoryOf("a", "b");
    for (const topic of ["t", "u"]) for (const id of ["a", "b"]) db.register(id, topic, null);
    directory.tombstone("t", "a:4151", OWN_NODE, T0);
    expect([told(directory, "t"), told(directory, "u")]).toEqual([["b"], ["a", "b"]]);
    expect(directory.nodes(T0).others[0]).toMatchObject({ topics: ["t", "u"], tombstones: [true, false] });
    expect(told(directory, "t", T0 + LIFETIME - 1)).toEqual(["b"]);
    expect(told(directory, "t", T0 + LIFETIME)).toEqual(["a", "b"]);
  });

  it("[LKP5] a tombstone hides the broker itself, and one for an unknown node nobody", () => {
    const { db, directory } = directoryOf("a");
    db.announce("t", []);
    db.register("a", "t", null);
    directory.tombstone("t", "a:9999", OWN_NODE, T0);
    directory.tombstone("unknown", OWN_NODE, OWN_NODE, T0);
    expect(told(directory, "t")).toEqual(["own", "a"]);
    directory.tombstone("t", OWN_NODE, OWN_NODE, T0);
    expect(told(directory, "t")).toEqual(["a"]);
    expect(directory.nodes(T0).own).toEqual({ topics: ["t"], tombstones: [true] });
    expect(told(directory, "t", T0 + LIFETIME)).toEqual(["own", "a"]);
  });

  it("[LKP6] a producer that registered nothing is a node without topics", () => {
    const { directory } = directoryOf("a");
    expect(directory.nodes(T0)).toMatchObject({ own: { topics: [] }, others: [{ hostname: "a", topics: [] }] });
  });

  it("[LKP6] shows all places with producers, and none without", () => {
    const { db, directory } = directoryOf("a");
    db.createChannel("empty", "c");
    db.announce("t", ["own"]);
    db.register("a", "t", "ch");
    db.tombstone("t", "a", T0);
    const places = directory.debug();
    const shown = places.map(({ key, own, producers }) => [key, own !== null, producers.map(({ id }) => id)]);
    expect(shown.sort()).toEqual([
      ["channel:t:ch", false, ["a"]],
      ["channel:t:own", true, []],
      ["client::", true, ["a"]],
      ["topic:t:", true, ["a"]],
    ]);
    expect(places.find(({ key }) => key === "topic:t:")?.producers[0]?.tombstonedAt).toBe(T0);
  });
});
