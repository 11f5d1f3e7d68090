import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fromByteString, readInt32, toByteString } from "../../src/protocol/bytes.ts";
import { FrameDecoder, FrameType } from "../../src/protocol/frame.ts";
import { channelStats, channelStub, post, publish, until } from "./broker-api.ts";
import { alarmOf } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

const START = 1_800_000_000_000;
/** So short that a consumer whose messages time out a few times is not yet given up. */
const MSG_TIMEOUT_MS = 10_000;
/** What a peer that nobody can see reading may have unanswered, in messages of a MB: 16 MiB, and the one that goes beyond. */
const UNANSWERED = 17;
const MB = "x".repeat(1_000_000);

const open: { close(): void }[] = [];

beforeEach(() => {
  // Time stands still until a test moves it.
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  Object.assign(env, { "msg-timeout": `${MSG_TIMEOUT_MS}ms` });
});

afterEach(async () => {
  vi.useRealTimers();
  Reflect.deleteProperty(env, "msg-timeout");
  for (const client of open.splice(0)) client.close();
  await reset();
});

/** A consumer of large messages: it looks at no more of them than their beginning. */
class LargeConsumer {
  /** Bytes of everything that came. */
  bytes = 0;
  isClosed = false;
  readonly #socket: WebSocket;
  readonly #decoder = new FrameDecoder();
  readonly #messages: string[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#receive(new Uint8Array(data as ArrayBuffer)));
    socket.addEventListener("close", () => {
      this.isClosed = true;
    });
    socket.accept();
  }

  static async subscribe(path: string): Promise<LargeConsumer> {
    const { webSocket } = await exports.default.fetch(`http://broker${path}`, { headers: { Upgrade: "websocket" } });
    if (!webSocket) throw new Error(`no WebSocket at ${path}`);
    const consumer = new LargeConsumer(webSocket);
    open.push(consumer);
    webSocket.send(fromByteString("  V2SUB t c\nRDY 100\n"));
    return consumer;
  }

  /** Numbers and attempts of the next messages. */
  async messages(count: number): Promise<string[]> {
    await until(
      async () => this.#messages.length,
      (length) => length >= count,
    );
    return this.#messages.splice(0, count);
  }

  close(): void {
    this.#socket.close(1000);
  }

  #receive(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.#decoder.push(bytes);
    for (let frame = this.#decoder.next(); frame !== null; frame = this.#decoder.next()) {
      if (frame === "malformed") throw new Error("malformed frame");
      if (frame.type !== FrameType.message) continue;
      const attempts = readInt32(frame.data, 6) & 0xffff;
      this.#messages.push(`${toByteString(frame.data, 26, 30).split(":", 1)}/${attempts}`);
    }
  }
}

/** Publishes messages of a MB whose bodies begin with a number. */
async function publishLarge(count: number): Promise<void> {
  await post("/topic/create?topic=t");
  await post("/channel/create?topic=t&channel=c");
  for (let i = 0; i < count; i++) await publish("t", `${i}:${MB}`);
}

function numbers(from: number, to: number, attempts: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `${from + i}/${attempts}`);
}

/** Lets all messages in flight time out. */
async function timeOut(): Promise<void> {
  const channel = channelStub("t", "c");
  await until(
    () => alarmOf(channel),
    (alarm) => alarm !== null && alarm <= Date.now() + MSG_TIMEOUT_MS,
  );
  vi.setSystemTime(Date.now() + MSG_TIMEOUT_MS);
  expect(await runDurableObjectAlarm(channel)).toBe(true);
}

describe.each([
  ["on the direct path", direct("t", "c")],
  ["behind the gateway", "/v2"],
])("a consumer %s that leaves 16 MiB unanswered", (_, path) => {
  it("[CHN18] gets nothing more, until its messages time out: then it goes on receiving", async () => {
    await publishLarge(20);
    const client = await LargeConsumer.subscribe(path);
    expect(await client.messages(UNANSWERED)).toEqual(numbers(0, 17, 1));
    expect(await channelStats("t", "c")).toMatchObject({ depth: 3, in_flight_count: UNANSWERED });
    await timeOut();
    expect(await client.messages(UNANSWERED)).toEqual([...numbers(17, 20, 1), ...numbers(0, 14, 2)]);
    expect(await channelStats("t", "c")).toMatchObject({ depth: 3, in_flight_count: UNANSWERED });
  });

  it("[CHN18] [CHN14] goes on receiving when the channel is emptied", async () => {
    await publishLarge(18);
    const client = await LargeConsumer.subscribe(path);
    await client.messages(UNANSWERED);
    await post("/channel/empty?topic=t&channel=c");
    for (let i = 0; i < 3; i++) await publish("t", `${i}:new`);
    expect(await client.messages(3)).toEqual(numbers(0, 3, 1));
  });

  it("[CHN18] [DOOR3] is closed when it was sent 64 MiB and said nothing at all", async () => {
    await publishLarge(UNANSWERED);
    const client = await LargeConsumer.subscribe(path);
    for (let round = 1; round <= 3; round++) {
      await client.messages(UNANSWERED);
      expect(client.isClosed).toBe(false);
      await timeOut();
    }
    await client.messages(UNANSWERED);
    await until(
      async () => client.isClosed,
      (isClosed) => isClosed,
    );
    expect(client.bytes).toBeGreaterThan(64 * 2 ** 20);
    expect(client.bytes).toBeLessThan((64 + 2) * 2 ** 20);
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 0 });
  });
});

describe("a consumer on the direct path that leaves 16 MiB unanswered over a sleep of its channel", () => {
  it("[CHN18] [DUR4] gets nothing more", async () => {
    await publishLarge(18);
    const client = await LargeConsumer.subscribe(direct("t", "c"));
    await client.messages(UNANSWERED);
    await evictDurableObject(channelStub("t", "c"));
    await publish("t", "18:wake up");
    expect(await channelStats("t", "c")).toMatchObject({ depth: 2, in_flight_count: UNANSWERED });
  });

  it("[CHN18] [DOOR3] [DUR4] is closed when it was sent 64 MiB in all and said nothing", async () => {
    await publishLarge(UNANSWERED);
    const client = await LargeConsumer.subscribe(direct("t", "c"));
    for (let round = 1; round <= 3; round++) {
      await client.messages(UNANSWERED);
      await evictDurableObject(channelStub("t", "c"));
      await timeOut();
    }
    await client.messages(UNANSWERED);
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 0 });
  });
});

async function consumer(topic: string, channel: string): Promise<V2Client> {
  const client = await V2Client.consumer(topic, channel);
  open.push(client);
  return client;
}

describe("a consumer whose connection is closed for an error", () => {
  it("[SES3] [CHN1] gets nothing more, though it had room in the same event", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    for (const body of ["1", "2"]) await publish("t", body);
    const a = await consumer("t", "c");
    a.send("RDY 1");
    const { id } = await a.message();
    a.send(`FIN ${id}\nXYZ`);
    expect([await a.next(), await a.next()]).toEqual([{ error: "E_INVALID invalid command XYZ" }, { closed: 1000 }]);
    expect(await channelStats("t", "c")).toMatchObject({ depth: 1, in_flight_count: 0, client_count: 0 });
    const b = await consumer("t", "c");
    b.send("RDY 1");
    expect(await b.message()).toMatchObject({ body: "2", attempts: 1 });
  });

  it("[SES3] [CHN1] gets nothing more when it said CLS and ended its input", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    for (const body of ["1", "2"]) await publish("t", body);
    const a = await consumer("t", "c");
    a.send("RDY 1");
    const { id } = await a.message();
    a.send(`FIN ${id}\nCLS\nSUB t c`);
    expect(await a.next()).toEqual({ response: "CLOSE_WAIT" });
    expect(await a.next()).toMatchObject({ error: expect.stringContaining("E_INVALID") });
    expect(await a.next()).toEqual({ closed: 1000 });
    expect(await channelStats("t", "c")).toMatchObject({ depth: 1, in_flight_count: 0 });
  });
});
