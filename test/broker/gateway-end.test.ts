// How connections end: what was sent just before is carried out and, where somebody still listens, answered.

import { once } from "node:events";
import { constants, deflateRawSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import type { Compression } from "../conformance/codec.ts";
import { Connection } from "../conformance/connection.ts";
import { identify, MAGIC, pub, times } from "./commands.ts";
import { messageCount } from "./topic-stats.ts";

const POLL = { timeout: 5_000, interval: 20 };
const FLUSHED = { finishFlush: constants.Z_SYNC_FLUSH };

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.stop());

const connections: Connection[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.abort();
});

type Door = "tcp" | "ws";

let topics = 0;
function newTopic(): string {
  return `ending-${topics++}`;
}

describe("a client that sends nothing more", () => {
  const INTERVALS = { "with heartbeats": 1_000, "without heartbeats": -1 };

  it.each(
    (["deflate", "snappy"] as const).flatMap((compression) =>
      Object.entries(INTERVALS).map(([name, interval]) => [compression, name, interval] as const),
    ),
  )(
    "[SES6] is answered whole when its IDENTIFY that asks for %s waits for a publish, %s",
    async (compression, _name, interval) => {
      const connection = await open("tcp");
      const request = { feature_negotiation: true, [compression]: true, heartbeat_interval: interval };
      connection.send(Buffer.concat([MAGIC, pub(newTopic(), "x"), identify(request)]));
      connection.half();
      const replies = await nextReplies(connection, 2);
      expect([replies[0], JSON.parse(replies[1] ?? "")]).toMatchObject(["OK", { [compression]: true }]);
      connection.upgrade(compression);
      expect(await nextReplies(connection, 1)).toEqual(["OK"]);
      await expect.poll(() => connection.isClosed, POLL).toBe(true);
      expect([connection.takeFrames(), connection.problem]).toEqual([[], null]);
    },
  );
});

describe("a client on a WebSocket that publishes and closes it", () => {
  const COUNT = 200;
  const PUBLISHED = Buffer.alloc(20_000, "x");

  it.each<[Compression | "nothing", "a new topic" | "a topic it published to before"]>([
    ["nothing", "a new topic"],
    ["nothing", "a topic it published to before"],
    ["deflate", "a new topic"],
    ["deflate", "a topic it published to before"],
    ["snappy", "a new topic"],
    ["snappy", "a topic it published to before"],
  ])("[SES6] has all of it stored: with %s, to %s", async (compression, where) => {
    const topic = newTopic();
    const connection = await open("ws");
    connection.send(MAGIC);
    const before = where === "a new topic" ? 0 : 1;
    if (before > 0) {
      connection.send(pub(topic, "before"));
      await nextReplies(connection, 1);
    }
    if (compression !== "nothing") await negotiate(connection, compression);
    connection.send(times(COUNT, pub(topic, PUBLISHED)));
    connection.close();
    await expect.poll(() => messageCount(broker.http, topic), POLL).toBe(before + COUNT);
  });

  it("[SES6] hears the answers, if it still listens, before its connection is closed", async () => {
    const socket = new WebSocket(broker.ws, { perMessageDeflate: false });
    const answers: Buffer[] = [];
    socket.on("message", (data: Buffer) => answers.push(data));
    await once(socket, "open");
    socket.send(Buffer.concat([MAGIC, times(COUNT, pub(newTopic(), PUBLISHED))]));
    socket.close(1000);
    expect((await once(socket, "close"))[0]).toBe(1000);
    expect(Buffer.concat(answers).equals(times(COUNT, Buffer.from("\0\0\0\x06\0\0\0\0OK")))).toBe(true);
  });

  it("[SES6] has stored what waits behind an IDENTIFY, too", async () => {
    const [first, second] = [newTopic(), newTopic()];
    const connection = await open("ws");
    connection.send(Buffer.concat([MAGIC, pub(first, "x"), identify(), pub(second, "y")]));
    connection.close();
    const counts = () => Promise.all([first, second].map((topic) => messageCount(broker.http, topic)));
    await expect.poll(counts, POLL).toEqual([1, 1]);
  });

  it.each<["at once" | "later"]>([["later"], ["at once"]])(
    "[SES6] has stored what it publishes %s as a consumer, too",
    async (when) => {
      const [consumed, published] = [newTopic(), newTopic()];
      const connection = await open("ws");
      const subscribes = Buffer.concat([MAGIC, Buffer.from(`SUB ${consumed} ch\n`)]);
      const publishes = Buffer.concat([times(COUNT, pub(published, PUBLISHED)), times(COUNT, pub(consumed, "x"))]);
      if (when === "later") {
        connection.send(subscribes);
        await nextReplies(connection, 1);
        connection.send(publishes);
      } else {
        connection.send(Buffer.concat([subscribes, publishes]));
      }
      connection.close();
      const counts = () => Promise.all([consumed, published].map((topic) => messageCount(broker.http, topic)));
      await expect.poll(counts, POLL).toEqual([COUNT, COUNT]);
    },
  );
});

describe.each(["tcp", "ws"] as const)("a deflate stream that ends, on %s", (door) => {
  it("[LINE6] closes the connection when more comes", async () => {
    const topic = newTopic();
    const connection = await open(door);
    connection.send(MAGIC);
    await negotiate(connection, "deflate", false);
    connection.send(deflateRawSync(pub(topic, "before the end")));
    await expect.poll(() => messageCount(broker.http, topic), POLL).toBe(1);
    connection.send(deflateRawSync(pub(topic, "behind the end"), FLUSHED));
    await expect.poll(() => connection.isClosed, POLL).toBe(true);
    expect(await messageCount(broker.http, topic)).toBe(1);
  });

  it("[LINE6] closes it when more comes in one piece with the end", async () => {
    const topic = newTopic();
    const connection = await open(door);
    connection.send(MAGIC);
    await negotiate(connection, "deflate", false);
    const [last, behind] = [pub(topic, "before the end"), pub(topic, "behind the end")];
    connection.send(Buffer.concat([deflateRawSync(last), deflateRawSync(behind, FLUSHED)]));
    await expect.poll(() => messageCount(broker.http, topic), POLL).toBe(1);
    await expect.poll(() => connection.isClosed, POLL).toBe(true);
    expect(await messageCount(broker.http, topic)).toBe(1);
  });
});

async function open(door: Door): Promise<Connection> {
  const connection = await Connection.open("client", "v2", door === "tcp" ? { tcp: broker.tcp } : { ws: broker.ws });
  connections.push(connection);
  return connection;
}

/** Has a connection compressed; what is sent from then on is encoded unless `encodes` is false. */
async function negotiate(connection: Connection, compression: Compression, encodes = true): Promise<void> {
  connection.send(identify({ feature_negotiation: true, [compression]: true }));
  await nextReplies(connection, 1);
  if (!encodes) return;
  connection.upgrade(compression);
  await nextReplies(connection, 1);
}

/** Waits for so many replies, and takes them. */
async function nextReplies(connection: Connection, count: number): Promise<string[]> {
  const replies: string[] = [];
  const takeNext = () => {
    const frame = replies.length < count ? connection.takeFrame() : null;
    if (frame) replies.push(String(frame.data));
    return replies.length;
  };
  await expect.poll(takeNext, { ...POLL, interval: 1 }).toBe(count);
  return replies;
}
