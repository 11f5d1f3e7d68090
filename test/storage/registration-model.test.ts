import { describe, expect, it } from "vitest";
import { RegistrationDb } from "../../src/storage/registration-db.ts";
import { Random } from "../helpers/random.ts";
import { T0 } from "../helpers/records.ts";
import { RegistrationModel, type Registry } from "../helpers/registration-model.ts";
import { Database } from "../helpers/sql.ts";

const SEEDS = Array.from({ length: 6 }, (_, index) => index + 1);
const STEPS = 100;
/** `x` and `x#ephemeral` are different names, and one that is the beginning of another is not that one. */
const TOPICS = ["t", "t#ephemeral", "t-2", "__proto__"];
const CHANNELS = ["t", "c", "c#ephemeral", "c-2"];
const PRODUCERS = ["p", "p2", "q"];

type Step = readonly [name: string, act: (registry: Registry) => unknown];

function aStep(random: Random, now: number): Step {
  const topic = random.pick(TOPICS);
  const channel = random.pick(CHANNELS);
  const channelOrNone = random.chance(30) ? null : channel;
  const producer = random.pick(PRODUCERS);
  const channels = CHANNELS.filter(() => random.chance(40)).sort(() => random.int(3) - 1);
  const kept = new Set(PRODUCERS.filter(() => random.chance(80)));
  const hidden = random.chance(40) ? null : producer;
  return random.pick<Step>([
    ...Array<Step>(4).fill(["register", (to) => to.register(producer, topic, channelOrNone)]),
    ...Array<Step>(2).fill(["unregister", (to) => to.unregister(producer, topic, channelOrNone)]),
    ...Array<Step>(3).fill(["announce", (to) => to.announce(topic, channels)?.channels]),
    ...Array<Step>(2).fill(["tombstone", (to) => to.tombstone(topic, hidden, now)]),
    ["announce the same", (to) => to.announce(topic, to.ownTopic(topic)?.channels ?? [])?.channels],
    ["withdraw", (to) => to.withdraw(topic)],
    ["remove", (to) => to.remove(producer)],
    ["keepOnly", (to) => to.keepOnly(kept)],
    ["createTopic", (to) => to.createTopic(topic)],
    ["createChannel", (to) => to.createChannel(topic, channel)],
    ["deleteTopic", (to) => to.deleteTopic(topic)],
    ["deleteChannel", (to) => to.deleteChannel(topic, channel)],
  ]);
}

/** All that can be asked. */
function answers(registry: Registry): unknown {
  return {
    topics: JSON.parse(registry.topicsAsJson()),
    // The tombstone of a topic that is not listed is never looked at.
    ownTopics: registry.ownTopics().map((own) => (own.listed ? own : { ...own, tombstonedAt: null })),
    registrations: registry.registrations(),
    ofTopics: [...TOPICS, "*"].map((topic) => [
      registry.hasTopic(topic),
      registry.channels(topic),
      registry.ownTopic(topic)?.channels,
      registry.producersOf(topic),
    ]),
    ofProducers: [...PRODUCERS, "*"].map((producer) => registry.topicsOf(producer)),
  };
}

describe("RegistrationDb against a model of spec 5.3", () => {
  it.each(SEEDS)("[LKP4] any sequence of all there is, also by an object made anew: seed %i", (seed) => {
    const random = new Random(seed);
    const model = new RegistrationModel();
    const database = new Database();
    let db = new RegistrationDb(database);
    for (let step = 0; step < STEPS; step++) {
      const [name, act] = aStep(random, T0 + step);
      if (random.chance(10)) db = new RegistrationDb(database);
      const title = `step ${step}, ${name}`;
      expect(act(db), title).toEqual(act(model));
      expect(answers(db), title).toEqual(answers(model));
    }
  });
});

describe("RegistrationDb: tombstones of own topics", () => {
  it("[LKP5] a tombstone stays while the topic is listed, whatever becomes of its channels", () => {
    const db = new RegistrationDb(new Database());
    db.announce("t", ["a"]);
    db.tombstone("t", null, T0);
    db.announce("t", ["b"]);
    db.deleteChannel("t", "b");
    expect(db.ownTopic("t")).toEqual({ topic: "t", channels: ["b"], listed: [], tombstonedAt: T0 });
    db.tombstone("t", null, T0 + 1);
    expect(db.ownTopic("t")?.tombstonedAt).toBe(T0 + 1);
  });

  it("[LKP5] a topic that is withdrawn and announced again is not hidden", () => {
    const db = new RegistrationDb(new Database());
    db.announce("t", []);
    db.tombstone("t", null, T0);
    db.withdraw("t");
    db.announce("t", []);
    expect(db.ownTopic("t")?.tombstonedAt).toBeNull();
  });

  // nsqlookupd removes a deleted topic with its producers and their tombstones: who registers again is a new entry.
  it("[LKP5] a topic that is deleted from the list and listed again is not hidden", () => {
    const db = new RegistrationDb(new Database());
    db.announce("t", []);
    db.tombstone("t", null, T0);
    db.deleteTopic("t");
    db.announce("t", ["new"]);
    expect(db.ownTopic("t")).toEqual({ topic: "t", channels: ["new"], listed: ["new"], tombstonedAt: null });
  });

  it("[LKP5] a tombstone for a topic that is not listed has no effect", () => {
    const db = new RegistrationDb(new Database());
    db.announce("t", []);
    db.deleteTopic("t");
    db.tombstone("t", null, T0);
    db.announce("t", ["new"]);
    expect(db.ownTopic("t")?.tombstonedAt).toBeNull();
  });
});

describe("RegistrationDb: writes", () => {
  it("[LKP7] a topic that is announced again as it was writes nothing, whether it is listed or not", () => {
    const database = new Database();
    const db = new RegistrationDb(database);
    const written = () => database.count("INSERT", "UPDATE", "DELETE");
    db.announce("t", []);
    db.announce("u", ["a", "b"]);
    db.deleteTopic("u");
    const before = written();
    db.announce("t", []);
    db.announce("u", ["b", "a"]);
    expect([written() - before, db.withdraw("v"), written() - before]).toEqual([0, false, 0]);
  });

  it.each<[string, string, (db: RegistrationDb) => unknown]>([
    ["register", "INTO registration", (db) => db.register("q", "u", "d")],
    ["unregister", "FROM channel", (db) => db.unregister("p", "t", "c#ephemeral")],
    ["deleteTopic", "INTO own_topic", (db) => db.deleteTopic("t")],
    ["deleteChannel", "INTO own_topic", (db) => db.deleteChannel("t", "own")],
  ])("[LKP4] %s that fails half-way leaves all as it was", (_name, failing, act) => {
    const database = new Database();
    const db = new RegistrationDb(database);
    db.announce("t", ["own"]);
    db.register("p", "t", "c#ephemeral");
    db.register("p", "t", "own");
    const before = answers(db);
    database.fails = (statement) => statement.includes(failing) && !statement.startsWith("SELECT");
    expect(() => act(db)).toThrow("disk is full");
    database.fails = () => false;
    expect(answers(db)).toEqual(before);
  });
});
