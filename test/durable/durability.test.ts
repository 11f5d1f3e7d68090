import {
  abortAllDurableObjects,
  evictAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fromByteString, toByteString } from "../../src/protocol/bytes.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { command } from "../helpers/commands.ts";
import { channelStats, channelStub, post, publish, stats, topicStub, until } from "./broker-api.ts";
import { direct, V2Client } from "./v2-client.ts";

const open: V2Client[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function consumer(topic: string, channel: string, identify?: object): Promise<V2Client> {
  const client = await V2Client.consumer(topic, channel, identify);
  open.push(client);
  return client;
}

/** Makes pushes to a channel's object fail, or not: what an object has as a property of its own cannot be called. */
async function breakPush(stub: ReturnType<typeof channelStub>, isBroken: boolean): Promise<void> {
  await runInDurableObject(stub, (instance) => {
    if (isBroken) Object.assign(instance, { push: undefined });
    else Reflect.deleteProperty(instance, "push");
  });
}

describe("what is published", () => {
  it("[DUR1] is delivered after the topic was evicted, and after all objects were aborted", async () => {
    await publish("t", "before there is a channel");
    await evictDurableObject(topicStub("t"));
    const a = await consumer("t", "a");
    a.send("RDY 1");
    const first = await a.message();
    expect(first).toMatchObject({ body: "before there is a channel", attempts: 1 });
    a.send(`FIN ${first.id}`);
    await a.settled();

    await publish("t", "with a channel");
    expect((await a.message()).body).toBe("with a channel");
    await abortAllDurableObjects();
    const b = await consumer("t", "a");
    b.send("RDY 5");
    // The first one comes again if its FIN was not yet saved.
    const bodies = [(await b.message()).body];
    if (bodies[0] !== "with a channel") bodies.push((await b.message()).body);
    expect(bodies).toContain("with a channel");
  });

  it("[DUR1] reaches a channel that was made before an eviction and has no consumer yet", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    await evictAllDurableObjects();
    await publish("t", "x");
    await evictAllDurableObjects();
    const client = await consumer("t", "c");
    client.send("RDY 1");
    expect((await client.message()).body).toBe("x");
  });

  it("[DUR1] is pushed to a consumer that sleeps, whichever object slept", async () => {
    const client = await consumer("t", "c");
    client.send("RDY 5");
    await client.settled();
    for (const sleeper of [topicStub("t"), channelStub("t", "c")]) {
      await evictDurableObject(sleeper);
      await publish("t", "wake up");
      const message = await client.message();
      expect(message.body).toBe("wake up");
      client.send(`FIN ${message.id}`);
      await client.settled();
    }
  });

  it("[DUR1] keeps pause flags, channels and depth over an eviction", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    await post("/channel/pause?topic=t&channel=c");
    await post("/topic/pause?topic=t");
    await publish("t", "x");
    const before = await stats("t");
    await evictAllDurableObjects();
    expect(await stats("t")).toEqual(before);
    expect(before).toMatchObject({ depth: 1, paused: true, channels: [{ channel_name: "c", depth: 0, paused: true }] });
  });
});

describe("a consumer over a sleep of its channel", () => {
  it("[DUR4] finishes a message that it got before", async () => {
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await publish("t", "x");
    const { id } = await client.message();
    await evictDurableObject(channelStub("t", "c"));
    client.send(`FIN ${id}`);
    expect(await client.settled()).toEqual([]);
    expect(await channelStats("t", "c")).toMatchObject({ in_flight_count: 0, depth: 0 });
  });

  it("[DUR4] keeps RDY, settings and counters", async () => {
    const client = await consumer("t", "c", { client_id: "me", msg_timeout: 5000, sample_rate: 0 });
    client.send("RDY 3");
    await publish("t", "x");
    const { id } = await client.message();
    client.send(`REQ ${id} 0`);
    const again = await client.message();
    client.send(`FIN ${again.id}`);
    await client.settled();
    const before = await channelStats("t", "c");
    await evictDurableObject(channelStub("t", "c"));
    expect(await channelStats("t", "c")).toEqual(before);
    expect(before.clients).toMatchObject([
      { client_id: "me", ready_count: 3, message_count: 2, finish_count: 1, requeue_count: 1, state: 3 },
    ]);
  });

  it("[DUR4] goes on with a command of which half was received", async () => {
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await publish("t", "x");
    const { id } = await client.message();
    client.sendBytes(new TextEncoder().encode(`FIN ${id.slice(0, 5)}`));
    await until(
      () => channelStats("t", "c"),
      ({ in_flight_count }) => in_flight_count === 1,
    );
    await evictDurableObject(channelStub("t", "c"));
    client.sendBytes(new TextEncoder().encode(`${id.slice(5)}\n`));
    expect(await client.settled()).toEqual([]);
    expect(await channelStats("t", "c")).toMatchObject({ in_flight_count: 0 });
  });

  it("[DUR4] is still told that another's message is not its own", async () => {
    const [a, b] = [await consumer("t", "c"), await consumer("t", "c")];
    a.send("RDY 1");
    await a.settled();
    await publish("t", "x");
    const { id } = await a.message();
    await evictDurableObject(channelStub("t", "c"));
    b.send(`FIN ${id}`);
    expect(await b.next()).toEqual({ error: `E_FIN_FAILED FIN ${id} failed client does not own message` });
    a.send(`FIN ${id}`);
    expect(await a.settled()).toEqual([]);
  });
});

describe("what is in flight", () => {
  it("[DUR5] comes back at once after a crash, with its attempts", async () => {
    const a = await consumer("t", "c");
    a.send("RDY 1");
    await publish("t", "x");
    const first = await a.message();
    a.send(`REQ ${first.id} 0`);
    expect(await a.message()).toMatchObject({ id: first.id, attempts: 2 });
    await abortAllDurableObjects();
    const b = await consumer("t", "c");
    b.send("RDY 1");
    expect(await b.message()).toMatchObject({ id: first.id, attempts: 3, body: "x" });
  });

  it("[DUR2] does not come back once it was saved as finished", async () => {
    const a = await consumer("t", "c");
    a.send("RDY 10");
    for (const body of ["1", "2", "3"]) await publish("t", body);
    const [first, second] = await a.messages(3);
    a.send(`FIN ${first?.id}`);
    a.send(`FIN ${second?.id}`);
    await a.settled();
    await evictDurableObject(channelStub("t", "c")); // waits for the save
    await abortAllDurableObjects();
    const b = await consumer("t", "c");
    b.send("RDY 10");
    expect(await b.message()).toMatchObject({ body: "3" });
    expect(await b.settled()).toEqual([]);
  });
});

describe("a channel that comes to rest", () => {
  beforeEach(() => void Object.assign(env, { "sync-timeout": "30s" }));
  afterEach(() => void Reflect.deleteProperty(env, "sync-timeout"));

  it("[DUR2] [DUR7] saves what was finished at once, and is not kept awake for it", async () => {
    const a = await consumer("t", "c");
    a.send("RDY 1");
    await a.settled();
    await evictDurableObject(channelStub("t", "c")); // the next event is long after the last save
    await publish("t", "x");
    a.send(`FIN ${(await a.message()).id}`);
    await a.settled();
    await evictDurableObject(channelStub("t", "c")); // would wait for a timer for longer than this test may take
    await abortAllDurableObjects();
    const b = await consumer("t", "c");
    b.send("RDY 1");
    expect(await b.settled()).toEqual([]);
  });

  it("[DUR2] does so once in a sync-timeout: what comes to rest again before is saved later", async () => {
    const a = await consumer("t", "c");
    a.send("RDY 1");
    await a.settled();
    const saves = vi.spyOn(SqliteChannelStore.prototype, "save");
    for (let i = 0; i < 5; i++) {
      await publish("t", "x");
      a.send(`FIN ${(await a.message()).id}`);
      await a.settled();
    }
    expect(saves.mock.calls.length).toBeLessThanOrEqual(1);
  });
});

describe("what is deferred", () => {
  it("[DUR3] by a publish keeps its time over a crash", async () => {
    const a = await consumer("t", "c");
    a.send("RDY 1");
    await a.settled();
    const start = Date.now();
    await publish("t", "later", 700);
    await abortAllDurableObjects();
    const b = await consumer("t", "c");
    b.send("RDY 1");
    expect((await b.message()).body).toBe("later");
    expect(Date.now() - start).toBeGreaterThanOrEqual(700);
  });

  it("[DUR3] by REQ keeps its time over a crash right after it", async () => {
    const a = await consumer("t", "c");
    a.send("RDY 1");
    await publish("t", "x");
    const { id } = await a.message();
    const start = Date.now();
    a.send(`REQ ${id} 700`);
    await a.settled();
    await abortAllDurableObjects();
    const b = await consumer("t", "c");
    b.send("RDY 1");
    expect(await b.message()).toMatchObject({ id, attempts: 2 });
    expect(Date.now() - start).toBeGreaterThanOrEqual(700);
  });

  it("[DUR3] by REQ is saved before anything that follows is answered", async () => {
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await publish("t", "x");
    const { id } = await client.message();
    const events: string[] = [];
    const original = SqliteChannelStore.prototype.save;
    const send = WebSocket.prototype.send;
    vi.spyOn(SqliteChannelStore.prototype, "save").mockImplementation(function (this: SqliteChannelStore, write) {
      events.push("saved");
      original.call(this, write);
    });
    vi.spyOn(WebSocket.prototype, "send").mockImplementation(function (this: WebSocket, data) {
      if (typeof data !== "string" && toByteString(data as Uint8Array).includes("E_FIN_FAILED"))
        events.push("answered");
      send.call(this, data);
    });
    client.send(`REQ ${id} 60000\nFIN 0123456789abcdef`);
    expect(await client.next()).toMatchObject({ error: expect.stringContaining("E_FIN_FAILED") });
    expect(events).toEqual(["saved", "answered"]);
  });

  it("[DUR3] for long lies in the channel's own store, and the alarm brings it", async () => {
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await client.settled();
    await publish("t", "in an hour", 3_600_000);
    await until(
      () => channelStats("t", "c"),
      ({ deferred_count }) => deferred_count === 1,
    );
    await evictDurableObject(channelStub("t", "c"));
    const held = await runInDurableObject(channelStub("t", "c"), (_, { storage }) =>
      storage.sql.exec("SELECT count(*) AS count FROM held").one(),
    );
    expect(held).toEqual({ count: 1 });
    const alarm = await runInDurableObject(channelStub("t", "c"), (_, { storage }) => storage.getAlarm());
    expect(alarm).toBeGreaterThan(Date.now() + 3_500_000);
    expect(await client.settled()).toEqual([]);
  });
});

describe("an idle channel", () => {
  it("[DUR7] has no alarm, and its object sleeps with the socket open", async () => {
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await publish("t", "x");
    const { id } = await client.message();
    client.send(`FIN ${id}`);
    await client.settled();
    await runInDurableObject(channelStub("t", "c"), (instance) => Object.assign(instance, { isOld: true }));
    await evictDurableObject(channelStub("t", "c"));
    const seen = await runInDurableObject(channelStub("t", "c"), async (instance, state) => ({
      isOld: "isOld" in instance,
      alarm: await state.storage.getAlarm(),
      sockets: state.getWebSockets().length,
    }));
    expect(seen).toEqual({ isOld: false, alarm: null, sockets: 1 });
    expect(await runDurableObjectAlarm(channelStub("t", "c"))).toBe(false);
    await publish("t", "y");
    expect((await client.message()).body).toBe("y");
  });
});

describe("calls between objects", () => {
  it("[DUR8] a topic whose push was lost sends again when its alarm rings", async () => {
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await client.settled();
    await breakPush(channelStub("t", "c"), true);
    await publish("t", "x");
    await until(
      () => runInDurableObject(topicStub("t"), (_, { storage }) => storage.getAlarm()),
      (alarm) => alarm !== null && alarm < Date.now() + 60_000,
    );
    await breakPush(channelStub("t", "c"), false);
    await runDurableObjectAlarm(topicStub("t"));
    expect((await client.message()).body).toBe("x");
  });

  it("[DUR8] a topic that was killed between storing and pushing pushes in its next life", async () => {
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await client.settled();
    await breakPush(channelStub("t", "c"), true);
    await publish("t", "x");
    await runInDurableObject(topicStub("t"), (_, state) => state.abort("killed")).catch(() => {});
    await breakPush(channelStub("t", "c"), false);
    expect(await client.settled()).toEqual([]);
    expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
    expect((await client.message()).body).toBe("x");
  });

  it("[DUR8] a channel whose topic cannot be reached tries again", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    await publish("t", "x");
    const client = await consumer("t", "c");
    await runInDurableObject(topicStub("t"), (instance) => Object.assign(instance, { pull: undefined }));
    client.send("RDY 1");
    expect(await client.settled()).toEqual([]);
    await runInDurableObject(topicStub("t"), (instance) => Reflect.deleteProperty(instance, "pull"));
    expect((await client.message()).body).toBe("x");
  });
});

describe("a socket that slept while the broker was updated", () => {
  it("[DUR6] is closed when its attachment has another version, so that its client connects anew", async () => {
    const [a, producer] = [await consumer("t", "c"), await V2Client.open(direct("t"))];
    open.push(producer);
    for (const stub of [topicStub("t"), channelStub("t", "c")]) {
      await evictDurableObject(stub as DurableObjectStub); // what is attached now stays, until something happens
      await runInDurableObject(stub as DurableObjectStub, (_, state) => {
        for (const webSocket of state.getWebSockets()) {
          webSocket.serializeAttachment({ ...webSocket.deserializeAttachment(), version: 99 });
        }
      });
      await evictDurableObject(stub as DurableObjectStub);
    }
    await publish("t", "x");
    await channelStats("t", "c");
    expect(await a.next()).toEqual({ closed: 1001 });
    expect(await producer.next()).toEqual({ closed: 1001 });
    const b = await consumer("t", "c");
    b.send("RDY 1");
    expect((await b.message()).body).toBe("x");
  });
});

describe("a socket whose state cannot be kept", () => {
  it("[DUR10] ends this life of its object, so that no sleep brings back an older state", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const client = await consumer("t", "c");
    const refuse = () => {
      throw new Error("refused");
    };
    await runInDurableObject(channelStub("t", "c"), (_, state) => {
      for (const webSocket of state.getWebSockets()) Object.assign(webSocket, { serializeAttachment: refuse });
    });
    client.send("RDY 1");
    expect(await client.next()).toHaveProperty("closed");
    expect(logged.mock.calls.flat().join()).toContain("an event failed");
  });
});

describe("direct producers", () => {
  it("[DUR4] are gone on with after a sleep, wherever the bytes before it ended", async () => {
    const producer = await V2Client.open(direct("t"));
    open.push(producer);
    const whole = command("PUB t", "a body");
    for (let cut = 1; cut < whole.length; cut++) {
      producer.sendBytes(fromByteString(command("PUB t", "before") + whole.slice(0, cut)));
      expect(await producer.next()).toEqual({ response: "OK" });
      await evictDurableObject(topicStub("t"));
      producer.sendBytes(fromByteString(whole.slice(cut)));
      expect(await producer.next()).toEqual({ response: "OK" });
    }
  });

  it("[DUR4] are answered and counted over a sleep of their topic", async () => {
    const producer = await V2Client.open(direct("t"));
    open.push(producer);
    producer.send("PUB t", "a");
    expect(await producer.next()).toEqual({ response: "OK" });
    await evictDurableObject(topicStub("t"));
    producer.send("PUB t", "b");
    expect(await producer.next()).toEqual({ response: "OK" });
    expect(await stats("t")).toMatchObject({ depth: 2, message_count: 2 });
  });
});
