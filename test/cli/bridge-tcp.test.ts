// The bridge's TCP side, with a server in the broker's place that reads, writes and closes as a test wants it.

import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { watch } from "../../src/cli/bridge/watch.ts";
import { MAGIC, pub, times } from "../broker/commands.ts";
import { messageCount } from "../broker/topic-stats.ts";
import { type BridgeProcess, startBridge } from "./bridge-process.ts";
import { type FakeBroker, startFakeBroker } from "./fake-broker.ts";

const POLL = { timeout: 10_000, interval: 20 };
const PIECE = Buffer.alloc(65_536, "x");
/** More than any sockets between two processes hold, and less than what would be a failure to hold back. */
const MUCH = 64 * 2 ** 20;
const FEW = 24 * 2 ** 20;

interface Scene {
  readonly fake: FakeBroker;
  readonly bridge: BridgeProcess;
}

async function open(options = {}): Promise<Scene> {
  const fake = await startFakeBroker(options);
  const bridge = await startBridge([fake.http]);
  onTestFinished(() => void bridge.stop());
  await fake.next(); // with which it looked whether the broker is there
  return { fake, bridge };
}

async function connect(address: string): Promise<net.Socket> {
  const [host = "", port] = address.split(":");
  const client = net.connect({ host, port: Number(port), allowHalfOpen: true });
  client.on("error", () => {}); // a reset is a way of closing
  onTestFinished(() => void client.destroy());
  await once(client, "connect");
  return client;
}

/** A client that has said its magic, and its connection at the broker. */
async function connected({ fake, bridge }: Scene): Promise<{ client: net.Socket; link: WebSocket; url?: string }> {
  const client = await connect(bridge.tcp);
  client.write(MAGIC);
  const { socket: link, request } = await fake.next();
  const [magic] = (await once(link, "message")) as [Buffer];
  expect(magic).toEqual(MAGIC);
  return { client, link, ...(request.url && { url: request.url }) };
}

async function readAll(stream: net.Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Writes until no more is taken for a while, or it is very much. Resolves with the bytes that left. */
async function writtenUntilStuck(write: (bytes: Buffer) => void, unsent: () => number): Promise<number> {
  let written = 0;
  let stuckFor = 0;
  let left = 0;
  while (written < MUCH && stuckFor < 25) {
    if (unsent() < PIECE.length) {
      write(PIECE);
      written += PIECE.length;
    }
    const nowLeft = written - unsent();
    stuckFor = nowLeft === left ? stuckFor + 1 : 0;
    left = nowLeft;
    await new Promise((resolve) => setTimeout(resolve, stuckFor === 0 ? 0 : 20));
  }
  return left;
}

describe("bytes", () => {
  it("[BRIDGE1] pass both ways in order, in pieces of any size", async () => {
    const { client, link, url } = await connected(await open());
    expect(url).toBe("/v2");
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7 + (n >> 8)) % 251));
    const received: Buffer[] = [];
    link.on("message", (data: Buffer) => {
      received.push(data);
      link.send(data);
    });
    for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 3) % 10_007 || 1) {
      client.write(bytes.subarray(at, at + size));
    }
    client.end();
    expect((await readAll(client)).equals(bytes)).toBe(true);
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
    expect(Math.max(...received.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
  });

  it("[BRIDGE2] a client that does not read stops the broker", async () => {
    const { client, link } = await connected(await open());
    client.pause();
    const sent = await writtenUntilStuck(
      (bytes) => link.send(bytes),
      () => link.bufferedAmount,
    );
    expect(sent).toBeLessThan(FEW);
    let read = 0;
    client.on("data", ({ length }) => {
      read += length;
    });
    client.resume();
    await expect.poll(() => link.bufferedAmount, POLL).toBe(0);
    await expect.poll(() => read, POLL).toBeGreaterThanOrEqual(sent);
  });

  it("[BRIDGE2] a broker that does not read stops the client", async () => {
    const { client, link } = await connected(await open());
    link.pause();
    const sent = await writtenUntilStuck(
      (bytes) => void client.write(bytes),
      () => client.writableLength,
    );
    expect(sent).toBeLessThan(FEW);
    let read = 0;
    link.on("message", ({ length }: Buffer) => {
      read += length;
    });
    link.resume();
    await expect.poll(() => client.writableLength, POLL).toBe(0);
    await expect.poll(() => read, POLL).toBeGreaterThanOrEqual(sent);
  });
});

describe("the end", () => {
  it("[BRIDGE4] a client that the broker closes has all that came before", async () => {
    const { client, link } = await connected(await open());
    link.send(Buffer.concat([PIECE, PIECE, PIECE]));
    link.close(1000);
    expect((await readAll(client)).length).toBe(3 * PIECE.length);
  });

  it("[BRIDGE4] a client that was sending when the broker closed is not reset", async () => {
    const { client, link } = await connected(await open());
    client.write(Buffer.alloc(MUCH / 2, "x"));
    link.send(Buffer.concat([PIECE, PIECE, PIECE]));
    link.close(1000);
    await once(link, "close");
    expect((await readAll(client)).length).toBe(3 * PIECE.length);
  });

  it("[BRIDGE4] a client that has not read before it went holds up nobody", async () => {
    const { client, link } = await connected(await open());
    client.pause();
    await writtenUntilStuck(
      (bytes) => link.send(bytes),
      () => link.bufferedAmount,
    );
    let code = 0;
    link.on("close", (its) => {
      code = its;
    });
    client.resetAndDestroy();
    await expect.poll(() => code, POLL).toBe(1000);
  });

  it("[BRIDGE4] a client whose connection to the broker is lost is closed, and that is said", async () => {
    const scene = await open();
    const { client, link } = await connected(scene);
    link.terminate();
    expect((await readAll(client)).length).toBe(0);
    await expect.poll(() => scene.bridge.log, POLL).toContain("the connection to the broker was lost");
  });

  it.each<["closes" | "resets"]>([["closes"], ["resets"]])(
    "[BRIDGE4] a client that %s its connection closes the one to the broker",
    async (how) => {
      const { client, link } = await connected(await open());
      if (how === "closes") client.destroySoon();
      else client.resetAndDestroy();
      expect((await once(link, "close"))[0]).toBe(1000);
    },
  );

  it("[BRIDGE4] what answers in text is no broker: the client is closed", async () => {
    const scene = await open();
    const { client, link } = await connected(scene);
    link.send("hello");
    expect((await readAll(client)).length).toBe(0);
    await expect.poll(() => scene.bridge.log, POLL).toContain("is no NSQ broker");
  });

  it("[BRIDGE4] a broker that is silent is found out, unless nobody listens to it", async () => {
    const fake = await startFakeBroker({ autoPong: false });
    const link = new WebSocket(fake.http.replace("http", "ws"));
    onTestFinished(() => link.terminate());
    await once(link, "open");
    link.pause();
    let isLost = false;
    const lost = new Promise<void>((resolve) => {
      watch(link, 10, () => {
        isLost = true;
        resolve();
      });
    });
    await new Promise((resolve) => setTimeout(resolve, 100)); // ten times as long as it would take
    expect(isLost).toBe(false);
    link.resume();
    await lost;
  });

  it("[BRIDGE4] a broker that answers pings is there", async () => {
    const fake = await startFakeBroker();
    const link = new WebSocket(fake.http.replace("http", "ws"));
    onTestFinished(() => link.terminate());
    await once(link, "open");
    let [lost, pongs] = [0, 0];
    link.on("pong", () => {
      pongs++;
    });
    watch(link, 200, () => {
      lost++;
    });
    await expect.poll(() => pongs, POLL).toBeGreaterThanOrEqual(2);
    expect(lost).toBe(0);
  });

  it("[BRIDGE6] who comes while the broker is gone is closed at once, and the bridge lives on", async () => {
    const fake = await startFakeBroker();
    const bridge = await startBridge([fake.http]);
    onTestFinished(() => void bridge.stop());
    fake.stop();
    for (const _ of [1, 2]) {
      const client = await connect(bridge.tcp);
      client.write(MAGIC);
      expect((await readAll(client)).length).toBe(0);
    }
    expect(
      bridge.log.match(/^nsq-edge: 127\.0\.0\.1:\d+: 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED.*$/gm),
    ).toHaveLength(2);
  });

  it("[BRIDGE1] who says nothing, or little, does not reach the broker", async () => {
    const scene = await open();
    const client = await connect(scene.bridge.tcp);
    client.end("  V");
    expect((await readAll(client)).length).toBe(0);
    const { link } = await connected(scene); // the next that the broker sees
    expect(link.readyState).toBe(link.OPEN);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("[BRIDGE7] %s closes all connections, and it ends with 0", async (signal) => {
    const scene = await open();
    const { client, link } = await connected(scene);
    const ended = once(link, "close");
    const read = readAll(client);
    const status = scene.bridge.stop(signal);
    expect((await ended)[0]).toBe(1000);
    expect((await read).length).toBe(0);
    client.end();
    expect((await status).status).toBe(0);
  });
});

describe("half of a connection", () => {
  let broker: BrokerProcess;
  let bridge: BridgeProcess;
  beforeAll(async () => {
    broker = await startBroker();
    bridge = await startBridge([broker.http]);
  });
  afterAll(async () => {
    await bridge?.stop();
    await broker?.stop();
  });

  it("[BRIDGE3] what a client has sent before its end is carried out and answered, and then it is closed", async () => {
    const COUNT = 300;
    const client = await connect(bridge.tcp);
    client.end(Buffer.concat([MAGIC, times(COUNT, pub("half", Buffer.alloc(20_000, "x")))]));
    const answers = await readAll(client);
    expect(answers.equals(times(COUNT, Buffer.from("\0\0\0\x06\0\0\0\0OK")))).toBe(true);
    expect(await messageCount(broker.http, "half")).toBe(COUNT);
  });
});
