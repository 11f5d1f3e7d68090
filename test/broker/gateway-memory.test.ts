// What a compressed stream costs the broker in memory: about as much as the same stream does without compression, though a
// message of some KiB may be hundreds of MiB long.

import { existsSync, readFileSync } from "node:fs";
import { constants, deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Client } from "./client.ts";
import { identify, pub, times } from "./commands.ts";
import { messageCount } from "./topic-stats.ts";

const MIB = 2 ** 20;
const TOPIC = "memory";
const COUNT = 150;
const PUBLISHES = times(COUNT, pub(TOPIC, Buffer.alloc(MIB, "x")));
const MAX_AHEAD = 32 * MIB;
/** Of the most memory that a broker has had to what another has had, and to what it had before. */
const MAX_RATIO = 2;
const MAX_GROWTH = 4;
const POLL = { timeout: 20_000, interval: 50 };

/** One has clients without compression, the other one with. */
let plain: BrokerProcess;
let deflating: BrokerProcess;
beforeAll(async () => {
  [plain, deflating] = await Promise.all([startBroker(), startBroker()]);
});
afterAll(() => Promise.all([plain.stop(), deflating.stop()]));

describe.skipIf(!existsSync("/proc/self/status"))("a client on a WebSocket that compresses what it sends", () => {
  it("[LINE5] is closed when it sends 300 MiB of an endless line, which are not looked at", async ({ annotate }) => {
    const before = mostMemory(deflating);
    const client = await open(deflating, true);
    client.write(deflate(Buffer.alloc(300 * MIB)));
    await expect.poll(() => client.isClosed, POLL).toBe(true);
    await annotate(`at most ${mib(mostMemory(deflating))}, ${mib(before)} before`);
    expect(mostMemory(deflating) / before).toBeLessThan(MAX_GROWTH);
  });

  it("[DOOR3] has 150 MiB stored that it publishes in one message, for as much memory", async ({ annotate }) => {
    await Promise.all([publishPlain(), publishDeflated()]);
    await annotate(`at most ${mib(mostMemory(deflating))}, ${mib(mostMemory(plain))} without compression`);
    expect(mostMemory(deflating) / mostMemory(plain)).toBeLessThan(MAX_RATIO);
  });
});

async function publishPlain(): Promise<void> {
  const client = await open(plain, false);
  for (let at = 0; at < PUBLISHES.length; at += MIB) {
    client.write(PUBLISHES.subarray(at, at + MIB));
    // Who sends far more than is stored is closed.
    await vi.waitUntil(() => client.replies.length * MIB >= at - MAX_AHEAD, { ...POLL, interval: 1 });
  }
  await stored(plain);
  client.close();
}

async function publishDeflated(): Promise<void> {
  const client = await open(deflating, true);
  client.write(deflate(PUBLISHES));
  await stored(deflating);
  expect(client.isClosed).toBe(false);
  client.close();
}

async function open(broker: BrokerProcess, deflate: boolean): Promise<Client> {
  const client = await Client.open(broker.ws);
  client.write(identify({ feature_negotiation: true, deflate }));
  await vi.waitUntil(() => client.replies.length === 1, POLL);
  return client;
}

/** Waits until everything that is published is stored. */
async function stored({ http }: BrokerProcess): Promise<void> {
  await vi.waitUntil(async () => (await messageCount(http, TOPIC)) === COUNT, POLL);
}

function deflate(bytes: Buffer): Buffer {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, level: 1 });
}

/** The most resident memory that a broker has had so far. */
function mostMemory({ pid }: BrokerProcess): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
