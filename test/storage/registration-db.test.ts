import { describe, expect, it } from "vitest";
import { RegistrationDb } from "../../src/storage/registration-db.ts";
import { Random } from "../helpers/random.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

function open(database = new Database()): RegistrationDb {
  return new RegistrationDb(database);
}

function topicsOf(db: RegistrationDb): string[] {
  return JSON.parse(db.topicsAsJson()) as string[];
}

function producersOf(db: RegistrationDb, topic: string): string[] {
  return db.producersOf(topic).map(({ producer }) => producer);
}

describe("RegistrationDb: producers elsewhere", () => {
  it("[LKP4] registering a channel registers its topic, and twice is once", () => {
    const db = open();
    for (let i = 0; i < 2; i++) db.register("p", "t", "c");
    expect([topicsOf(db), db.channels("t"), producersOf(db, "t")]).toEqual([["t"], ["c"], ["p"]]);
    expect(db.registrations().map(({ channel }) => channel)).toEqual(["", "c"]);
  });

  it("[LKP4] unregistering a channel leaves its name and the topic; a topic all its names", () => {
    const db = open();
    db.register("p", "t", "c");
    db.unregister("p", "t", "c");
    expect([db.channels("t"), producersOf(db, "t")]).toEqual([["c"], ["p"]]);
    db.register("p", "t", "c");
    db.unregister("p", "t", null);
    expect([topicsOf(db), db.channels("t"), db.registrations()]).toEqual([["t"], ["c"], []]);
  });

  it("[LKP4] an ephemeral name goes with the last producer that unregisters it", () => {
    const db = open();
    for (const producer of ["p", "q"]) db.register(producer, "t#ephemeral", "c#ephemeral");
    db.unregister("p", "t#ephemeral", "c#ephemeral");
    expect(db.channels("t#ephemeral")).toEqual(["c#ephemeral"]);
    db.unregister("q", "t#ephemeral", "c#ephemeral");
    expect([db.channels("t#ephemeral"), topicsOf(db)]).toEqual([[], ["t#ephemeral"]]);
    db.unregister("p", "t#ephemeral", null);
    db.unregister("q", "t#ephemeral", null);
    expect(topicsOf(db)).toEqual([]);
  });

  it("[LKP4] a producer that is gone leaves all names, also ephemeral ones", () => {
    const db = open();
    db.register("p", "t#ephemeral", "c#ephemeral");
    db.register("q", "t#ephemeral", null);
    db.remove("p");
    expect([topicsOf(db), db.channels("t#ephemeral"), producersOf(db, "t#ephemeral")]).toEqual([
      ["t#ephemeral"],
      ["c#ephemeral"],
      ["q"],
    ]);
    db.keepOnly(new Set(["r"]));
    expect(db.registrations()).toEqual([]);
  });

  it("[LKP5] registering again leaves a tombstone; unregistering first takes it away", () => {
    const db = open();
    db.register("p", "t", null);
    db.tombstone("t", "p", T0);
    db.register("p", "t", "c");
    expect(db.producersOf("t")[0]?.tombstonedAt).toBe(T0);
    db.unregister("p", "t", null);
    db.register("p", "t", null);
    expect(db.producersOf("t")[0]?.tombstonedAt).toBeNull();
  });
});

describe("RegistrationDb: orders over HTTP", () => {
  it("[LKP6] a deleted topic takes its channels and producers along, and no other topic", () => {
    const db = open();
    for (const topic of ["t", "u"]) db.register("p", topic, "c");
    db.deleteTopic("t");
    expect([topicsOf(db), db.hasTopic("t"), db.channels("t"), producersOf(db, "u")]).toEqual([["u"], false, [], ["p"]]);
  });

  it("[LKP6] a channel that is not there cannot be deleted", () => {
    const db = open();
    db.createChannel("t", "c");
    expect([db.deleteChannel("t", "x"), db.deleteChannel("x", "c"), db.deleteChannel("t", "c")]).toEqual([
      false,
      false,
      true,
    ]);
    expect([db.channels("t"), topicsOf(db)]).toEqual([[], ["t"]]);
  });
});

describe("RegistrationDb: own topics", () => {
  it("[LKP7] are listed with their channels while they are announced", () => {
    const db = open();
    expect(db.announce("t", ["b", "a"])).toBeNull();
    expect([topicsOf(db), db.hasTopic("t"), db.channels("t")]).toEqual([["t"], true, ["a", "b"]]);
    expect(db.announce("t", ["b"])?.channels).toEqual(["a", "b"]);
    expect(db.channels("t")).toEqual(["b"]);
    expect([db.withdraw("t"), db.withdraw("t"), topicsOf(db), db.hasTopic("t")]).toEqual([true, false, [], false]);
  });

  it("[LKP4] when they go, names that others have registered stay", () => {
    const db = open();
    db.announce("t", ["a", "b"]);
    db.register("p", "t", "b");
    db.withdraw("t");
    expect([topicsOf(db), db.channels("t")]).toEqual([["t"], ["b"]]);
  });

  it("[LKP7] that are announced again as they were write nothing", () => {
    const database = new Database();
    const db = open(database);
    db.announce("t", ["b", "a"]);
    const written = () => database.count("INSERT", "UPDATE", "DELETE");
    const before = written();
    db.announce("t", ["a", "b"]);
    expect(written()).toBe(before);
  });

  it("[LKP6] that are deleted from the list exist, and are listed again by the next new channel", () => {
    const db = open();
    db.announce("t", ["a"]);
    db.deleteTopic("t");
    expect([topicsOf(db), db.channels("t"), db.ownTopic("t")?.channels]).toEqual([[], [], ["a"]]);
    db.announce("t", ["a"]);
    expect(db.hasTopic("t")).toBe(false);
    db.announce("t", ["a", "b"]);
    expect(db.channels("t")).toEqual(["b"]);
  });

  it("[LKP6] lose a channel from the list alone", () => {
    const db = open();
    db.announce("t", ["a", "b"]);
    expect(db.deleteChannel("t", "a")).toBe(true);
    expect([db.channels("t"), db.ownTopic("t")?.channels]).toEqual([["b"], ["a", "b"]]);
  });
});

/** The same as plain sets: spec 5.3 in a few lines. */
class Model {
  readonly keys = new Map<string, Set<string>>();

  register(producer: string, topic: string, channel: string | null): void {
    if (channel !== null) this.#key(`${topic}/${channel}`).add(producer);
    this.#key(topic).add(producer);
  }

  unregister(producer: string, topic: string, channel: string | null): void {
    const keys = channel === null ? this.#keysOf(topic) : [`${topic}/${channel}`];
    for (const key of keys) this.keys.get(key)?.delete(producer);
    const key = channel === null ? topic : `${topic}/${channel}`;
    if (key.endsWith("#ephemeral") && this.keys.get(key)?.size === 0) this.keys.delete(key);
  }

  remove(producer: string): void {
    for (const producers of this.keys.values()) producers.delete(producer);
  }

  create(topic: string, channel: string | null): void {
    if (channel !== null) this.#key(`${topic}/${channel}`);
    this.#key(topic);
  }

  deleteTopic(topic: string): void {
    for (const key of this.#keysOf(topic)) this.keys.delete(key);
  }

  #keysOf(topic: string): string[] {
    return [...this.keys.keys()].filter((key) => key === topic || key.startsWith(`${topic}/`));
  }

  #key(key: string): Set<string> {
    const producers = this.keys.get(key) ?? new Set();
    this.keys.set(key, producers);
    return producers;
  }
}

/** All that is known of producers elsewhere, in the model's form. */
function keysOf(db: RegistrationDb): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>();
  for (const topic of topicsOf(db)) {
    keys.set(topic, new Set());
    for (const channel of db.channels(topic)) keys.set(`${topic}/${channel}`, new Set());
  }
  for (const { topic, channel, producer } of db.registrations()) {
    keys.get(channel === "" ? topic : `${topic}/${channel}`)?.add(producer);
  }
  return keys;
}

describe("RegistrationDb against a model", () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))("[LKP4] is right after any sequence: seed %i", (seed) => {
    const random = new Random(seed);
    const db = open();
    const model = new Model();
    for (let step = 0; step < 150; step++) {
      const producer = random.pick(["p", "q", "r"]);
      const topic = random.pick(["t", "u", "e#ephemeral"]);
      const channel = random.pick([null, "c", "d", "x#ephemeral"]);
      random.pick([
        () => [db.register(producer, topic, channel), model.register(producer, topic, channel)],
        () => [db.register(producer, topic, channel), model.register(producer, topic, channel)],
        () => [db.unregister(producer, topic, channel), model.unregister(producer, topic, channel)],
        () => [db.remove(producer), model.remove(producer)],
        () => [
          channel === null ? db.createTopic(topic) : db.createChannel(topic, channel),
          model.create(topic, channel),
        ],
        () => (random.chance(30) ? [db.deleteTopic(topic), model.deleteTopic(topic)] : []),
      ])();
      // A channel whose topic is not there any more cannot be asked for.
      const expected = [...model.keys].filter(([key]) => model.keys.has(key.split("/")[0] as string));
      expect(keysOf(db), `step ${step}`).toEqual(new Map(expected));
    }
  });
});
