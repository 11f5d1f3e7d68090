import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Doorkeeper } from "../../src/auth/doorkeeper.ts";
import type { GatewayCaller } from "../../src/gateway/client-access.ts";
import type { ClientEnd } from "../../src/gateway/client-end.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { parseOptions } from "../../src/options.ts";
import { bytesOf, identify, MAGIC } from "../helpers/commands.ts";
import { identityWith } from "../helpers/identity.ts";
import { CONNECTION, framesOf } from "../helpers/session.ts";

const HOUR = 3_600_000;
const INTERVAL = 30_000;
/** Nobody here publishes or subscribes: no object is asked for anything. */
const NO_OBJECTS = {} as Env;
const OPEN = parseOptions({ open: "true" });
const NOBODY = { peer: { remoteIp: "192.0.2.7", isTls: false }, identity: null, secret: "" };

class RecordingEnd implements ClientEnd {
  readonly tellsTaken = true;
  readonly untaken = 0;
  readonly sent: string[] = [];
  isClosed = false;

  send(bytes: Uint8Array): void {
    this.sent.push(...framesOf([bytes]));
  }

  isStuck(): boolean {
    return false;
  }

  close(): void {
    this.isClosed = true;
  }
}

function connect() {
  const end = new RecordingEnd();
  const gateway = new Gateway(
    { env: NO_OBJECTS, options: OPEN, doorkeeper: new Doorkeeper(OPEN, {}) },
    CONNECTION,
    NOBODY,
    () => end,
  );
  const send = (stream: string) => gateway.receive(bytesOf(stream));
  return { end, gateway, send };
}

describe("Gateway: a client that is silent", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each(["", " ", "  V"])("[SES1] is told nothing and not closed before the magic: %j", async (beginning) => {
    const { end, send } = connect();
    if (beginning !== "") send(beginning);
    await vi.advanceTimersByTimeAsync(HOUR);
    expect([end.sent, end.isClosed]).toEqual([[], false]);
    send(MAGIC.slice(beginning.length) + identify());
    expect([end.sent, end.isClosed]).toEqual([["OK"], false]);
  });

  it("[HB1] is sent heartbeats from the magic on, and closed after two intervals", async () => {
    const { end, send } = connect();
    await vi.advanceTimersByTimeAsync(HOUR);
    send(MAGIC);
    await vi.advanceTimersByTimeAsync(INTERVAL - 1);
    expect(end.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect([end.sent, end.isClosed]).toEqual([["_heartbeat_"], false]);
    await vi.advanceTimersByTimeAsync(INTERVAL);
    expect([end.sent, end.isClosed]).toEqual([["_heartbeat_", "_heartbeat_"], true]);
  });

  it("[HB1] is sent none when it turned them off, and not closed", async () => {
    const { end, send } = connect();
    send(MAGIC + identify({ heartbeat_interval: -1 }));
    await vi.advanceTimersByTimeAsync(HOUR);
    expect([end.sent, end.isClosed]).toEqual([["OK"], false]);
  });

  it("[HB1] has its heartbeats at the interval that it asked for last", async () => {
    const { end, send } = connect();
    send(MAGIC + identify({ heartbeat_interval: 5_000 }) + identify({ heartbeat_interval: 1_000 }));
    for (let i = 0; i < 3; i++) {
      await vi.advanceTimersByTimeAsync(1_000);
      send("NOP\n");
    }
    expect(end.sent).toEqual(["OK", "OK", "_heartbeat_", "_heartbeat_", "_heartbeat_"]);
    expect(end.isClosed).toBe(false);
  });
});

describe("Gateway: a client that has not said who it is", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const guarded = parseOptions({ "auth-http-address": "127.0.0.1:1" });
  function connectStranger(caller = NOBODY as GatewayCaller) {
    const end = new RecordingEnd();
    const place = { env: NO_OBJECTS, options: guarded, doorkeeper: new Doorkeeper(guarded, {}) };
    const gateway = new Gateway(place, CONNECTION, caller, () => end);
    return { end, send: (stream: string) => gateway.receive(bytesOf(stream)) };
  }
  const size = (bytes: number) =>
    String.fromCharCode(bytes >> 24, (bytes >> 16) & 255, (bytes >> 8) & 255, bytes & 255);

  it.each([
    ["IDENTIFY", "E_BAD_BODY IDENTIFY body too big 16385 > 16384"],
    ["AUTH", "E_BAD_BODY AUTH body too big 16385 > 16384"],
    ["PUB t", "E_BAD_MESSAGE PUB message too big 16385 > 16384"],
  ])("[AUTH8] may send little at a time: %s", async (line, error) => {
    const { end, send } = connectStranger();
    send(`${MAGIC}${line}\n${size(16_385)}`);
    await vi.advanceTimersByTimeAsync(0);
    expect([end.sent, end.isClosed]).toEqual([[`error: ${error}`], true]);
    const known = connectStranger({ ...NOBODY, identity: identityWith([]) });
    known.send(`${MAGIC}${line}\n${size(16_385)}`);
    expect([known.end.sent, known.end.isClosed]).toEqual([[], false]);
  });

  it("[AUTH8] may send little behind an AUTH that is not answered yet", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise(() => {}));
    const { end, send } = connectStranger();
    send(`${MAGIC}AUTH\n${size(1)}s`);
    send("x".repeat(2 ** 18));
    await vi.advanceTimersByTimeAsync(0);
    expect(end.isClosed).toBe(false);
    send("x");
    await vi.advanceTimersByTimeAsync(0);
    expect(end.isClosed).toBe(true);
    vi.restoreAllMocks();
  });

  it("[AUTH8] has a minute to say it", async () => {
    const { end, send } = connectStranger();
    send(MAGIC + identify());
    await vi.advanceTimersByTimeAsync(60_000 - 1);
    expect(end.isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect([end.sent.at(-1), end.isClosed]).toEqual(["error: E_AUTH_FAILED AUTH failed", true]);
  });
});

describe("Gateway: a client whose token ends", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function connectUntil(endsAt: number) {
    const guarded = parseOptions({ "auth-http-address": "127.0.0.1:1" });
    const end = new RecordingEnd();
    const place = { env: NO_OBJECTS, options: guarded, doorkeeper: new Doorkeeper(guarded, {}) };
    const gateway = new Gateway(place, CONNECTION, { ...NOBODY, identity: identityWith([], { endsAt }) }, () => end);
    gateway.receive(bytesOf(MAGIC + identify({ heartbeat_interval: -1 })));
    return { end, gateway };
  }

  it("[AUTH14] is told so then, and closed", async () => {
    const { end } = connectUntil(Date.now() + 10 * 60_000);
    await vi.advanceTimersByTimeAsync(10 * 60_000 - 1);
    expect([end.sent, end.isClosed]).toEqual([["OK"], false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([end.sent, end.isClosed]).toEqual([["OK", "error: E_AUTH_FAILED AUTH failed"], true]);
  });

  it("[AUTH14] in a time that no timer can count is closed then, and not before", async () => {
    const { end } = connectUntil(Date.now() + 40 * 24 * HOUR);
    await vi.advanceTimersByTimeAsync(40 * 24 * HOUR - 1);
    expect(end.isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(end.isClosed).toBe(true);
  });

  it("[AUTH14] leaves no timer behind when it goes before", async () => {
    const { end, gateway } = connectUntil(Date.now() + 1_000);
    gateway.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(end.sent).toEqual(["OK"]);
  });
});
