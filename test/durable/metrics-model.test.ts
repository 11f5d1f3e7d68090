// Random sequences of what can happen to a topic, with objects that sleep and die and scrapes in between: afterwards a scrape shows what
// /stats says.

import { evictAllDurableObjects, evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, it, vi } from "vitest";
import { LOOKUP_OBJECT } from "../../src/durable/object-names.ts";
import { Random } from "../helpers/random.ts";
import { channelStub, post, publish, topicStub, until } from "./broker-api.ts";
import { kill, type Stub } from "./objects.ts";
import { differences, scrape } from "./shown-figures.ts";
import { direct, V2Client } from "./v2-client.ts";

const CHANNELS = ["c", "d"];
const ROUNDS = 5;
const STEPS = 6;

afterEach(async () => {
  vi.restoreAllMocks();
  await exports.default.fetch("http://broker/stats"); // objects that sleep are not reset
  await reset();
});

/** Also one that sleeps already. */
async function evict(stub: Stub): Promise<void> {
  await runInDurableObject(stub as DurableObjectStub, () => {});
  await evictDurableObject(stub);
}

class World {
  readonly #random: Random;
  readonly #clients: V2Client[] = [];
  #hasKilled = false;

  constructor(random: Random) {
    this.#random = random;
  }

  async step(): Promise<void> {
    const random = this.#random;
    const channel = random.pick(CHANNELS);
    const onChannel = `?topic=t&channel=${channel}`;
    const lookup = env.LOOKUP.getByName(LOOKUP_OBJECT) as unknown as Stub;
    const act = random.pick<() => Promise<unknown>>([
      () => publish("t", "x"),
      () => publish("t", "x".repeat(random.int(100) + 1), 60_000),
      () => post(`/topic/${random.pick(["pause", "unpause", "empty"])}?topic=t`),
      () => post(`/channel/${random.pick(["pause", "unpause", "empty", "create"])}${onChannel}`),
      () => (random.chance(20) ? this.#delete(`/channel/delete${onChannel}`) : scrape()),
      () => (random.chance(10) ? this.#delete("/topic/delete?topic=t") : scrape()),
      () => this.#connect(channel),
      () => this.#say(),
      () => this.#say(),
      () => this.#leave(),
      scrape,
      () => evictAllDurableObjects(),
      () => evict(random.pick<Stub>([topicStub("t"), channelStub("t", channel), lookup])),
      () => this.#kill(random.pick<Stub>([topicStub("t"), lookup])),
    ]);
    await act();
  }

  /** What a mark that died with an object is made good by. */
  async ringAfterDeath(): Promise<void> {
    if (!this.#hasKilled) return;
    await runInDurableObject(topicStub("t") as unknown as DurableObjectStub, (instance) => instance.alarm?.());
  }

  beginRound(): void {
    this.#hasKilled = false;
  }

  close(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }

  /** Consumers go with their channel. */
  async #delete(path: string): Promise<void> {
    this.close();
    await post(path);
  }

  async #kill(stub: Stub): Promise<void> {
    this.#hasKilled = true;
    await kill(stub);
  }

  async #connect(channel: string): Promise<void> {
    const client = await V2Client.open(direct("t", channel));
    this.#clients.push(client);
    client.send(`SUB t ${channel}`);
    await client.settled();
  }

  /** A consumer wants more or less, finishes or requeues what it has got. */
  async #say(): Promise<void> {
    const random = this.#random;
    if (this.#clients.length === 0) return;
    const client = random.pick(this.#clients);
    client.send(`RDY ${random.int(4)}`);
    for (const received of await client.settled()) {
      if (!("id" in received)) continue;
      client.send(random.chance(60) ? `FIN ${received.id}` : `REQ ${received.id} ${random.pick([0, 60_000])}`);
    }
    await client.settled();
  }

  async #leave(): Promise<void> {
    if (this.#clients.length === 0) return;
    const [client] = this.#clients.splice(this.#random.int(this.#clients.length), 1);
    client?.close();
  }
}

describe("/metrics and /stats", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("[MET4] agree, whatever happened before, seed %i", async (seed) => {
    vi.spyOn(console, "error").mockImplementation(() => {}); // objects die
    const world = new World(new Random(seed));
    try {
      for (let round = 0; round < ROUNDS; round++) {
        world.beginRound();
        for (let step = 0; step < STEPS; step++) await world.step();
        await until(
          async () => {
            await world.ringAfterDeath();
            return { round, differences: await differences("t") };
          },
          ({ differences }) => differences.length === 0,
        );
        await post("/topic/create?topic=t");
      }
    } finally {
      world.close();
    }
  });
});
