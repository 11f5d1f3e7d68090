import {
  abortAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { LOOKUP_OBJECT } from "../../src/durable/object-names.ts";
import { channelStats, post, publish, stats, topicStub, until } from "./broker-api.ts";
import { V1Client } from "./v1-client.ts";
import { direct, V2Client } from "./v2-client.ts";

const open: { close(): void }[] = [];

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await reset();
});

interface Found {
  readonly status: number;
  readonly channels?: string[];
  readonly producers?: string[];
}

/** What /lookup says, in short. */
async function lookup(topic: string): Promise<Found> {
  const response = await exports.default.fetch(`http://broker/lookup?topic=${encodeURIComponent(topic)}`);
  if (response.status !== 200) return { status: response.status };
  const { channels, producers } = (await response.json()) as {
    channels: string[];
    producers: { broadcast_address: string; http_port: number }[];
  };
  const addresses = producers.map(({ broadcast_address, http_port }) => `${broadcast_address}:${http_port}`);
  return { status: 200, channels, producers: addresses.sort() };
}

async function topics(): Promise<string[]> {
  const response = await exports.default.fetch("http://broker/topics");
  return ((await response.json()) as { topics: string[] }).topics;
}

function lookupStub() {
  return env.LOOKUP.getByName(LOOKUP_OBJECT);
}

async function producer(host: string): Promise<V1Client> {
  const client = await V1Client.producer(host);
  open.push(client);
  return client;
}

async function consumer(topic: string, channel: string): Promise<V2Client> {
  const client = await V2Client.consumer(topic, channel);
  open.push(client);
  return client;
}

/** Lets calls of topics to Lookup fail, or not: what an object has as a property of its own cannot be called. */
async function breakLookup(isBroken: boolean): Promise<void> {
  await runInDurableObject(lookupStub(), (instance) => {
    for (const name of ["announce", "withdraw"]) {
      if (isBroken) Object.assign(instance, { [name]: undefined });
      else Reflect.deleteProperty(instance, name);
    }
  });
}

/** Counts the calls of topics to Lookup while `work` goes on. */
async function callsDuring(work: () => Promise<void>): Promise<number> {
  let calls = 0;
  const restore = await runInDurableObject(lookupStub(), (instance) => {
    const prototype = Object.getPrototypeOf(instance);
    const { announce, withdraw } = prototype;
    for (const [name, method] of Object.entries({ announce, withdraw })) {
      prototype[name] = function (...args: unknown[]) {
        calls++;
        return method.apply(this, args);
      };
    }
    return () => Object.assign(prototype, { announce, withdraw });
  });
  try {
    await work();
  } finally {
    restore();
  }
  return calls;
}

async function alarmOf(topic: string): Promise<number | null> {
  return runInDurableObject(topicStub(topic), (_, { storage }) => storage.getAlarm());
}

const OWN = ["broker:80"];

describe("the broker's own topics", () => {
  it("[LKP7] are registered when they are created, and are gone when they are deleted", async () => {
    await publish("t", "x");
    expect(await lookup("t")).toEqual({ status: 200, channels: [], producers: OWN });
    await consumer("t", "b");
    await post("/channel/create?topic=t&channel=a");
    expect(await lookup("t")).toEqual({ status: 200, channels: ["a", "b"], producers: OWN });
    await post("/channel/delete?topic=t&channel=a");
    expect(await lookup("t")).toEqual({ status: 200, channels: ["b"], producers: OWN });
    await post("/topic/delete?topic=t");
    expect(await lookup("t")).toEqual({ status: 404 });
    expect(await topics()).toEqual([]);
  });

  it("[LKP7] stay registered when Lookup is evicted or lost between any two steps", async () => {
    const steps = [
      () => post("/topic/create?topic=t"),
      () => post("/channel/create?topic=t&channel=a"),
      () => publish("u", "x"),
      () => consumer("u", "c"),
      () => post("/channel/delete?topic=t&channel=a"),
      () => post("/topic/delete?topic=u"),
    ];
    const seen: unknown[] = [];
    for (const [index, step] of steps.entries()) {
      await step();
      if (index % 2 === 0) await evictDurableObject(lookupStub());
      else await abortAllDurableObjects();
      seen.push([await topics(), (await lookup("t")).channels, (await lookup("u")).channels]);
    }
    expect(seen).toEqual([
      [["t"], [], undefined],
      [["t"], ["a"], undefined],
      [["t", "u"], ["a"], []],
      [["t", "u"], ["a"], ["c"]],
      [["t", "u"], [], ["c"]],
      [["t"], [], undefined],
    ]);
  });

  it("[LKP7] are registered by the next life of a topic that was lost before it was", async () => {
    await breakLookup(true);
    await publish("t", "x");
    await runInDurableObject(topicStub("t"), (_, state) => state.abort("killed")).catch(() => {});
    await breakLookup(false);
    expect(await lookup("t")).toEqual({ status: 404 });
    expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
    expect(await lookup("t")).toEqual({ status: 200, channels: [], producers: OWN });
  });

  it("[LKP7] are listed as long as they are, though nsqlookupd's API forgets them until there is news of them", async () => {
    await publish("t", "x");
    await post("/channel/create?topic=t&channel=a");
    expect(await post("/lookupd/topic/delete?topic=t")).toEqual({ status: 200, text: "" });
    expect([await lookup("t"), (await stats("t"))?.channels.length]).toEqual([{ status: 404 }, 1]);
    await post("/channel/create?topic=t&channel=b");
    expect(await lookup("t")).toEqual({ status: 200, channels: ["b"], producers: OWN });
  });
});

describe("a Lookup that cannot be reached", () => {
  it("[LKP8] does not keep topics and channels from working, and learns of them later", async () => {
    await breakLookup(true);
    await publish("t", "x");
    const client = await consumer("t", "c");
    client.send("RDY 1");
    expect((await client.message()).body).toBe("x");
    expect(await lookup("t")).toEqual({ status: 404 });
    await breakLookup(false);
    expect(await alarmOf("t")).toBeLessThan(Date.now() + 60_000);
    await runDurableObjectAlarm(topicStub("t"));
    expect(await lookup("t")).toEqual({ status: 200, channels: ["c"], producers: OWN });
  });

  it("[LKP8] does not keep a topic from being deleted, and made again", async () => {
    await publish("t", "x");
    await breakLookup(true);
    expect((await post("/topic/delete?topic=t")).status).toBe(200);
    expect(await stats("t")).toBeNull();
    await breakLookup(false);
    await runDurableObjectAlarm(topicStub("t"));
    expect(await lookup("t")).toEqual({ status: 404 });
    expect(await alarmOf("t")).toBeNull();

    await publish("t", "y");
    await breakLookup(true);
    await post("/topic/delete?topic=t");
    await runInDurableObject(topicStub("t"), (_, state) => state.abort("killed")).catch(() => {});
    await publish("t", "z");
    await breakLookup(false);
    await runDurableObjectAlarm(topicStub("t"));
    expect([await lookup("t"), (await stats("t"))?.depth]).toEqual([{ status: 200, channels: [], producers: OWN }, 1]);
  });

  it("[LKP8] is told that a topic is gone by the next life of its object", async () => {
    await publish("t", "x");
    await breakLookup(true);
    await post("/topic/delete?topic=t");
    await runInDurableObject(topicStub("t"), (_, state) => state.abort("killed")).catch(() => {});
    await breakLookup(false);
    expect((await lookup("t")).status).toBe(200);
    expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
    expect(await lookup("t")).toEqual({ status: 404 });
  });

  it("[LKP8] may also take very long", async () => {
    let answer = () => {};
    const restore = await runInDurableObject(lookupStub(), (instance) => {
      const prototype = Object.getPrototypeOf(instance);
      const { announce } = prototype;
      prototype.announce = async function (...args: unknown[]) {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return announce.apply(this, args);
      };
      return () => Object.assign(prototype, { announce });
    });
    await publish("t", "x");
    restore();
    expect(await lookup("t")).toEqual({ status: 404 });
    await runInDurableObject(lookupStub(), () => answer());
    await until(
      () => lookup("t"),
      ({ status }) => status === 200,
    );
  });
});

describe("a new topic", () => {
  it("[LKP9] begins with the channels that are known of it, so that the first message reaches them", async () => {
    const other = await producer("other");
    expect(await other.say("REGISTER t one")).toBe("OK");
    await post("/lookupd/channel/create?topic=t&channel=two");
    await post("/lookupd/channel/create?topic=t&channel=three%23ephemeral");
    await publish("t", "x");
    expect((await stats("t"))?.channels.map(({ channel_name, depth }) => [channel_name, depth])).toEqual([
      ["one", 1],
      ["two", 1],
    ]);
    expect((await lookup("t")).producers).toEqual([...OWN, "other:4151"]);
  });

  it("[LKP9] that a consumer makes begins with them, too", async () => {
    await post("/lookupd/channel/create?topic=t&channel=known");
    await consumer("t", "c");
    await publish("t", "x");
    expect((await channelStats("t", "known")).depth).toBe(1);
  });

  it("[LKP9] learns of them when Lookup can be reached again, and keeps its messages for them", async () => {
    await post("/lookupd/channel/create?topic=t&channel=known");
    await breakLookup(true);
    await publish("t", "x");
    await runInDurableObject(topicStub("t"), (_, state) => state.abort("killed")).catch(() => {});
    await breakLookup(false);
    await runDurableObjectAlarm(topicStub("t"));
    expect((await channelStats("t", "known")).depth).toBe(1);
  });

  it("[LKP9] does not get back what was deleted from it", async () => {
    const other = await producer("other");
    await other.say("REGISTER t gone");
    await publish("t", "x");
    await post("/channel/delete?topic=t&channel=gone");
    await abortAllDurableObjects();
    await runDurableObjectAlarm(topicStub("t"));
    await publish("t", "y");
    expect((await stats("t"))?.channels).toEqual([]);
  });
});

describe("what exists", () => {
  it("[LKP11] is published to and consumed from without a question to Lookup", async () => {
    await consumer("t", "c");
    const calls = await callsDuring(async () => {
      await publish("t", "over HTTP");
      const direct2 = await V2Client.open(direct("t"));
      const gateway = await V2Client.open("/v2");
      open.push(direct2, gateway);
      for (const client of [direct2, gateway]) {
        client.send("PUB t", "x");
        expect(await client.next()).toEqual({ response: "OK" });
      }
      const client = await consumer("t", "c");
      client.send("RDY 5");
      for (const { id } of await client.messages(3)) client.send(`FIN ${id}`);
      await client.settled();
    });
    expect(calls).toBe(0);
    expect(await callsDuring(async () => void (await publish("another", "x")))).toBe(1);
  });
});

describe("producers elsewhere", () => {
  it("[LKP4] stay registered over a sleep of Lookup, and are gone with their connection", async () => {
    const one = await producer("one");
    const two = await producer("two");
    await one.say("REGISTER t c");
    await two.say("REGISTER t");
    await evictDurableObject(lookupStub());
    expect(await lookup("t")).toEqual({ status: 200, channels: ["c"], producers: ["one:4151", "two:4151"] });
    expect(await one.say("PING")).toBe("OK");
    one.close();
    await until(
      () => lookup("t"),
      ({ producers }) => producers?.join() === "two:4151",
    );
    expect((await lookup("t")).channels).toEqual(["c"]);
  });

  it("[LKP4] are gone when Lookup was lost with their connections, whatever had been written", async () => {
    const one = await producer("one");
    await one.say("REGISTER t c");
    await abortAllDurableObjects();
    expect(await lookup("t")).toEqual({ status: 200, channels: ["c"], producers: [] });
  });

  it("[DUR6] are closed when what they slept with has another version, and are registered no more", async () => {
    const one = await producer("one");
    await one.say("REGISTER t c");
    await runInDurableObject(lookupStub(), (_, state) => {
      for (const webSocket of state.getWebSockets()) {
        webSocket.serializeAttachment({ ...webSocket.deserializeAttachment(), version: 99 });
      }
    });
    await evictDurableObject(lookupStub());
    expect(await lookup("t")).toEqual({ status: 200, channels: ["c"], producers: [] });
    expect(await one.reply()).toBe("closed");
  });

  it("[LKP1] go on in the middle of a command after a sleep of Lookup", async () => {
    const one = await producer("one");
    one.sendBytes(new TextEncoder().encode("REGIS"));
    await lookup("t");
    await evictDurableObject(lookupStub());
    expect(await one.say("TER t c")).toBe("OK");
    expect((await lookup("t")).channels).toEqual(["c"]);
  });

  it("[LKP3] that send nonsense are closed, and others do not notice", async () => {
    const good = await producer("good");
    await good.say("REGISTER t");
    const bad = await producer("bad");
    await bad.say("REGISTER t");
    expect(await bad.say("NONSENSE")).toBe("E_INVALID invalid command NONSENSE");
    expect(await bad.reply()).toBe("closed");
    expect((await lookup("t")).producers).toEqual(["good:4151"]);
    expect(await good.say("PING")).toBe("OK");
  });

  it("[LKP5] are hidden by a tombstone, and so is the broker, for one topic", async () => {
    const one = await producer("one");
    for (const topic of ["t", "u"]) {
      await publish(topic, "x");
      await one.say(`REGISTER ${topic}`);
    }
    await post("/topic/tombstone?topic=t&node=one:4151");
    expect((await lookup("t")).producers).toEqual(OWN);
    await post("/topic/tombstone?topic=t&node=broker:80");
    expect([(await lookup("t")).producers, (await lookup("u")).producers]).toEqual([[], [...OWN, "one:4151"]]);
  });
});

describe("names", () => {
  it("[LKP6] are no wildcards: nothing is found or deleted by *", async () => {
    await publish("t", "x");
    await post("/lookupd/topic/create?topic=kept");
    expect(await post("/lookupd/topic/delete?topic=*")).toEqual({ status: 200, text: "" });
    expect(await topics()).toEqual(["kept", "t"]);
    expect(await lookup("*")).toEqual({ status: 404 });
    expect((await post("/lookupd/topic/create?topic=*")).text).toContain("INVALID_ARG_TOPIC");
  });
});
