// What the real nsqd said to clients, and asked an auth server, in recorded sessions over TCP (test/fixtures/auth/nsqd-1.3.0.json).

import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BrokerProcess } from "../../scripts/broker.ts";
import { framesOf } from "../helpers/session.ts";
import { NsqAuthServer, RECORDED_SECRETS, startBehind } from "./auth-server.ts";

interface Recorded {
  /** What the client sent behind the magic, a character a byte. */
  readonly sent: string;
  readonly frames: readonly string[];
  /** Whether nsqd closed the connection. */
  readonly closes: boolean;
  readonly asked: readonly Record<string, string>[];
}

const SESSIONS = JSON.parse(readFileSync("test/fixtures/auth/nsqd-1.3.0.json", "utf8")) as Recorded[];
/** Where nsqd stayed, this ends the session: whatever else there is comes before the answer to it. */
const UNKNOWN = { command: "BYE\n", answer: "error: E_INVALID invalid command BYE" };

const server = new NsqAuthServer(RECORDED_SECRETS);
let broker: BrokerProcess;

beforeAll(async () => {
  broker = await startBehind(server);
});
afterAll(async () => {
  await broker?.stop();
  await server.stop();
});

async function session(sent: string): Promise<string[]> {
  const [host = "", port] = broker.tcp.split(":");
  const socket = net.connect(Number(port), host);
  socket.write(Buffer.from(`  V2${sent}`, "latin1"));
  const received: Buffer[] = [];
  socket.on("data", (data) => received.push(data));
  await once(socket, "close");
  return framesOf([Buffer.concat(received)]);
}

describe("in a recorded session", () => {
  it.each(SESSIONS)(
    "[AUT1] [AUT2] [AUTH4] the client is told, and the auth server asked, what nsqd did: $sent",
    async (recorded) => {
      server.asked.length = 0;
      const { sent, frames, closes, asked } = recorded;
      expect(await session(closes ? sent : sent + UNKNOWN.command)).toEqual(
        closes ? frames : [...frames, UNKNOWN.answer],
      );
      expect(server.asked).toEqual(asked);
    },
  );
});
