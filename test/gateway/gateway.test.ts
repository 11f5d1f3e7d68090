import { constants, deflateRawSync } from "node:zlib";
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
  /** How often something was sent. */
  count = 0;
  isClosed = false;

  send(bytes: Uint8Array): void {
    this.count++;
    if (bytes[0] === 0) this.sent.push(...framesOf([bytes])); // else it is deflated
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
  function connectStranger(caller = NOBODY as GatewayCaller, env = NO_OBJECTS) {
    const end = new RecordingEnd();
    const place = { env, options: guarded, doorkeeper: new Doorkeeper(guarded, {}) };
    const gateway = new Gateway(place, CONNECTION, caller, () => end);
    return { end, gateway, send: (stream: string) => gateway.receive(bytesOf(stream)) };
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

  it("[AUTH8] may send little, whatever it is deflated to", async () => {
    vi.useRealTimers();
    vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise(() => {}));
    const { end, gateway } = connectStranger();
    gateway.receive(bytesOf(MAGIC + identify({ feature_negotiation: true, deflate: true })));
    await vi.waitFor(() => expect(end.count).toBe(2)); // the answer, and OK in the stream that is deflated
    const stream = Buffer.concat([Buffer.from(`AUTH\n${size(1)}s`, "latin1"), Buffer.alloc(2 ** 20)]);
    const deflated = deflateRawSync(stream, { finishFlush: constants.Z_SYNC_FLUSH });
    expect(deflated.length).toBeLessThan(2_000);
    gateway.receive(deflated);
    await vi.waitFor(() => expect(end.isClosed).toBe(true));
    vi.restoreAllMocks();
  });

  it("[AUTH8] gets no object any more when it has gone before its AUTH is answered", async () => {
    let answer: (response: Response) => void = () => {};
    vi.spyOn(globalThis, "fetch").mockImplementation(() => {
      const { promise, resolve } = Promise.withResolvers<Response>();
      answer = resolve;
      return promise;
    });
    const named: string[] = [];
    const getByName = (name: string) => {
      named.push(name);
      return { fetch: () => new Promise(() => {}) };
    };
    const env = { CHANNEL: { getByName }, TOPIC: { getByName } } as unknown as Env;
    const authorizations = [{ topic: "t", channels: [".*"], permissions: ["subscribe", "publish"] }];
    for (const isGone of [false, true]) {
      const { gateway } = connectStranger(NOBODY, env);
      gateway.receive(bytesOf(`${MAGIC}AUTH\n${size(1)}sSUB t c\n`));
      await vi.advanceTimersByTimeAsync(0);
      await vi.waitFor(() => expect(globalThis.fetch).toHaveBeenCalledTimes(isGone ? 2 : 1));
      if (isGone) gateway.close();
      answer(Response.json({ ttl: 60, identity: "a", authorizations }));
      await vi.advanceTimersByTimeAsync(100);
      expect(named).toEqual(["0/t/c"]);
      expect(vi.getTimerCount() > 0).toBe(!isGone);
      gateway.close();
    }
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

  it("[AUTH14] is told so behind what it is owed", async () => {
    const publish = identityWith([{ topic: "t", channels: [".*"], permissions: ["publish"] }], {
      endsAt: Date.now() + 1_000,
    });
    const guarded = parseOptions({ "auth-http-address": "127.0.0.1:1" });
    const end = new RecordingEnd();
    const env = { TOPIC: { getByName: () => ({ fetch: () => new Promise(() => {}) }) } } as unknown as Env;
    const place = { env, options: guarded, doorkeeper: new Doorkeeper(guarded, {}) };
    const gateway = new Gateway(place, CONNECTION, { ...NOBODY, identity: publish }, () => end);
    gateway.receive(bytesOf(`${MAGIC}PUB t\n\0\0\0\x01x`));
    await vi.advanceTimersByTimeAsync(2_000);
    expect([end.sent, end.isClosed]).toEqual([[], false]);
    gateway.close();
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
