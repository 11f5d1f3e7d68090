import { describe, expect, it } from "vitest";
import { Producer, type ProducerOptions } from "../../src/client/index.ts";
import { fromByteString, utf8 } from "../../src/protocol/bytes.ts";
import { FakeServer, frame } from "./fake-server.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

/** A producer that has a connection, and what became of it. */
async function connect(options: ProducerOptions = {}) {
  const server = new FakeServer();
  const clock = new VirtualClock();
  const producer = new Producer("a", { transport: server.transport, clock, ...options });
  const lost: string[] = [];
  producer.on("disconnection", ({ error }) => lost.push(error.message));
  producer.on("error", (error) => lost.push(error.message));
  await producer.ping();
  return { server, clock, lost };
}

describe("a connection", () => {
  it.each([
    ["a frame of a size that is none", Uint8Array.of(0, 0, 0, 3), "a sent a frame of an impossible size"],
    ["a frame of a negative size", Uint8Array.of(255, 255, 255, 255), "a sent a frame of an impossible size"],
    ["a frame of an unknown type", frame(7, utf8("x")), "a sent a frame of type 7 with 1 bytes"],
    ["a message without an id", frame(2, utf8("x")), "a sent a frame of type 2 with 1 bytes"],
  ])("[CLIENT7] says what is wrong, and is closed: %s", async (_, bytes, message) => {
    const { server, lost } = await connect();
    server.last.bytes(bytes);
    expect([server.last.isClosed, lost]).toEqual([true, [message]]);
  });

  it("[CLIENT7] says that HTTP came where V2 was expected", async () => {
    const server = new FakeServer();
    server.isPolite = false;
    const producer = new Producer("a", { transport: server.transport, clock: new VirtualClock() });
    const failed = expect(producer.ping()).rejects.toThrow("a answers with HTTP, not with the V2 protocol");
    await settled();
    server.last.bytes(fromByteString("HTTP/1.1 400 Bad Request\r\n"));
    await failed;
    expect(server.last.isClosed).toBe(true);
  });

  it("[CLIENT7] refuses frames beyond maxMsgSize before they have come", async () => {
    const { server, lost } = await connect({ maxMsgSize: 100 });
    server.last.bytes(Uint8Array.of(0, 0, 0, 131));
    expect(lost).toEqual(["a sent a frame of an impossible size"]);
  });

  it("[CLIENT7] that does not answer the greeting in time is given up", async () => {
    const server = new FakeServer();
    server.isPolite = false;
    const clock = new VirtualClock();
    const producer = new Producer("a", { transport: server.transport, clock, dialTimeout: 500 });
    const failed = expect(producer.ping()).rejects.toThrow("a did not answer within 500 ms");
    await clock.pass(500);
    await failed;
    expect(server.last.isClosed).toBe(true);
  });

  it("[CLIENT7] that is silent for too long is given up; what is heard puts that off", async () => {
    const { server, clock, lost } = await connect({ readTimeout: 60_000 });
    await clock.pass(50_000);
    server.last.response("_heartbeat_");
    await clock.pass(59_999);
    expect(lost).toEqual([]);
    await clock.pass(1);
    expect(lost).toEqual(["nothing was heard of a for 60000 ms"]);
  });

  it("[CLIENT7] without heartbeats may be silent", async () => {
    const { clock, lost } = await connect({ heartbeatInterval: -1 });
    await clock.pass(1_000_000);
    expect(lost).toEqual([]);
  });

  it("[CLIENT8] gives the secret where it is asked for, from a function for each connection", async () => {
    let count = 0;
    const server = new FakeServer();
    server.features = { auth_required: true };
    const authSecret = async () => `secret ${++count}`;
    const clock = new VirtualClock();
    const producer = new Producer("a", { transport: server.transport, clock, authSecret });
    await producer.ping();
    await settled();
    expect(server.last.said()).toEqual(["AUTH: secret 1", "NOP"]);
    server.last.hangUp();
    const pinged = producer.ping();
    await clock.pass(100);
    await pinged;
    await settled();
    expect(server.last.said()).toEqual(["AUTH: secret 2", "NOP"]);
  });

  it.each([
    ["is asked for nowhere", false, false, []],
    ["is shown with the upgrade", true, false, ["shown: secret 1"]],
    ["is shown with the upgrade, and asked for in AUTH as well", true, true, ["shown: secret 1", "AUTH: secret 1"]],
  ])("[CLIENT8] a function is called once at most when its secret %s", async (_, isDirect, isRequired, given) => {
    let count = 0;
    const authSecret = () => `secret ${++count}`;
    const server = Object.assign(new FakeServer(), { isDirect, features: { auth_required: isRequired } });
    const producer = new Producer("a", { transport: server.transport, clock: new VirtualClock(), authSecret });
    await producer.ping();
    await settled();
    const { secret } = server.last;
    const seen = [...(secret === null ? [] : [`shown: ${secret}`]), ...server.last.said().slice(0, -1)];
    expect([seen, count]).toEqual([given, given.length > 0 ? 1 : 0]);
  });

  it.each([
    ["with the upgrade", true],
    ["in AUTH", false],
  ])("[CLIENT8] [CLIENT9] a function that has no secret to show %s fails that attempt alone", async (_, isDirect) => {
    const server = Object.assign(new FakeServer(), { isDirect, features: { auth_required: true } });
    const failures = [() => Promise.reject(new Error("signed out")), () => JSON.parse("broken")];
    const authSecret = () => failures.shift()?.() ?? "s";
    const clock = new VirtualClock();
    const producer = new Producer("a", { transport: server.transport, clock, authSecret });
    await expect(producer.ping()).rejects.toThrow("a could not be reached: signed out");
    const second = expect(producer.ping()).rejects.toThrow("a could not be reached: Unexpected token");
    await clock.pass(100);
    await second;
    const third = producer.ping();
    await clock.pass(200);
    await third;
    await settled();
    expect(server.last.said()).toEqual(["AUTH: s", "NOP"]);
    expect(server.connections.filter(({ isClosed }) => !isClosed)).toHaveLength(1);
  });

  it("[CLIENT8] says that a secret is missing", async () => {
    const server = new FakeServer();
    server.features = { auth_required: true };
    const producer = new Producer("a", { transport: server.transport, clock: new VirtualClock() });
    await expect(producer.ping()).rejects.toThrow("E_AUTH_FIRST a secret is required: option authSecret");
    expect(server.last.isClosed).toBe(true);
  });

  it("[CLIENT7] [CLIENT8] is given up in time while a secret is fetched, too", async () => {
    const server = new FakeServer();
    server.features = { auth_required: true };
    const clock = new VirtualClock();
    const authSecret = () => new Promise<string>(() => {});
    const producer = new Producer("a", { transport: server.transport, clock, authSecret });
    const failed = expect(producer.publish("t", "x")).rejects.toThrow("a did not answer within 1000 ms");
    await clock.pass(1_000);
    await failed;
    expect(server.last.isClosed).toBe(true);
  });

  it("[CLIENT7] [CLIENT8] is given up in time while a secret is fetched that is to be shown with the upgrade", async () => {
    const server = Object.assign(new FakeServer(), { isDirect: true });
    const clock = new VirtualClock();
    const { promise, resolve } = Promise.withResolvers<string>();
    const producer = new Producer("a", { transport: server.transport, clock, authSecret: () => promise });
    const failed = expect(producer.publish("t", "x")).rejects.toThrow("a did not answer within 1000 ms");
    await clock.pass(1_000);
    await failed;
    resolve("too late");
    await settled();
    expect(server.connections.filter(({ isClosed }) => !isClosed)).toEqual([]);
  });

  it("[CLIENT7] [CLIENT8] that is lost while a secret is fetched is no connection", async () => {
    const server = new FakeServer();
    server.features = { auth_required: true };
    const authSecret = () => new Promise<string>(() => {});
    const producer = new Producer("a", { transport: server.transport, clock: new VirtualClock(), authSecret });
    const failed = expect(producer.publish("t", "x")).rejects.toThrow("the connection to a was lost");
    await settled();
    server.last.hangUp();
    await failed;
  });

  it("[CLIENT7] that comes too late is closed", async () => {
    const server = new FakeServer();
    const clock = new VirtualClock();
    const { transport } = server;
    let come = () => {};
    const late = new Promise<void>((resolve) => {
      come = resolve;
    });
    const open: typeof transport.open = async (...all) => {
      await late;
      return transport.open(...all);
    };
    const producer = new Producer("a", { transport: { ...transport, open }, clock });
    const failed = expect(producer.publish("t", "x")).rejects.toThrow("a did not answer within 1000 ms");
    await clock.pass(1_000);
    await failed;
    come();
    await settled();
    expect([server.connections.length, server.last.isClosed]).toEqual([1, true]);
  });

  it.each([
    ["lost", (server: FakeServer) => server.last.hangUp(), "the connection to a was lost"],
    ["malformed", (server: FakeServer) => server.last.bytes(Uint8Array.of(0, 0, 0, 3)), "impossible size"],
  ])("[CLIENT7] that is %s right behind its greeting is none", async (_, end, message) => {
    const server = new FakeServer();
    server.isPolite = false;
    const clock = new VirtualClock();
    const producer = new Producer("a", { transport: server.transport, clock });
    const failed = expect(producer.publish("t", "x")).rejects.toThrow(message);
    await settled();
    server.last.response("{}");
    end(server);
    await clock.pass(100);
    await failed;
    server.isPolite = true;
    void producer.publish("t", "y");
    await clock.pass(1_000);
    expect(server.last.said()).toEqual(["PUB t: y"]);
  });

  it("[CLIENT7] is given up when its owner stops while it is opened", async () => {
    const server = new FakeServer();
    server.isPolite = false;
    const producer = new Producer("a", { transport: server.transport, clock: new VirtualClock() });
    const failed = expect(producer.ping()).rejects.toThrow("stopped");
    await settled();
    producer.stop();
    await failed;
    expect(server.last.isClosed).toBe(true);
  });

  it("[CLIENT15] that is not encrypted though it should be is none", async () => {
    const server = new FakeServer();
    const producer = new Producer("a", { transport: server.transport, clock: new VirtualClock(), tls: true });
    await expect(producer.ping()).rejects.toThrow("a does not encrypt, as the option tls asks");
    expect(server.last.isClosed).toBe(true);
  });
});
