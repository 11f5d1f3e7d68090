import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Producer, type ProducerOptions } from "../../src/client/index.ts";
import { tcpTransport } from "../../src/client/tcp.ts";
import { utf8 } from "../../src/protocol/bytes.ts";
import { FrameType } from "../../src/protocol/frame.ts";
import { frame } from "./fake-server.ts";
import { settled } from "./virtual-clock.ts";

const cert = readFileSync("test/fixtures/tls/cert.pem");
const key = readFileSync("test/fixtures/tls/key.pem");
const IDENTIFY_END = "}";

interface Features {
  readonly tls_v1?: boolean;
  readonly deflate?: boolean;
}

const response = (text: string) => frame(FrameType.response, utf8(text));

let stop: () => void = () => {};
afterEach(() => stop());

/**
 * A server that answers IDENTIFY with these features, and every later piece of the stream with OK; `said` are these pieces. What it
 * says in plain and what it says deflated may come together.
 */
async function startServer(features: Features): Promise<{ address: string; said: string[]; identified: string[] }> {
  const said: string[] = [];
  const identified: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (plain) => {
    sockets.add(plain);
    plain.on("error", () => {});
    identified.push(await readUntil(plain, IDENTIFY_END));
    plain.cork();
    plain.write(response(JSON.stringify(features)));
    let socket: Socket = plain;
    if (features.tls_v1) {
      plain.uncork();
      socket = new TLSSocket(plain, { isServer: true, cert, key });
      socket.write(response("OK"));
    }
    let write = (bytes: Uint8Array) => void socket.write(bytes);
    let read = (take: (bytes: Buffer) => void) => void socket.on("data", take);
    if (features.deflate) {
      const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
      const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
      deflate.pipe(socket);
      socket.pipe(inflate);
      write = (bytes) => void deflate.write(bytes);
      read = (take) => void inflate.on("data", take);
      write(response("OK"));
    }
    read((bytes) => {
      said.push(bytes.toString("latin1"));
      write(response("OK"));
    });
    setImmediate(() => plain.uncork());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { address: `localhost:${(server.address() as AddressInfo).port}`, said, identified };
}

async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = "";
  while (!text.endsWith(end)) text += String((await once(socket, "data"))[0]);
  socket.removeAllListeners("data");
  return text;
}

const PUB = "PUB t\n\0\0\0\x05hello";

describe("TCP", () => {
  it.each([
    ["plain", {}],
    ["deflated", { deflate: true }],
    ["encrypted", { tls_v1: true }],
    ["encrypted and deflated", { tls_v1: true, deflate: true }],
  ])("[CLIENT15] carries the stream %s", async (_, features: Features) => {
    const { address, said, identified } = await startServer(features);
    const options: ProducerOptions = { tls: features.tls_v1 === true, deflate: features.deflate === true };
    const producer = new Producer(address, { transport: tcpTransport({ tls: { ca: cert } }), ...options });
    await producer.publish("t", "hello");
    expect(said).toEqual([PUB]);
    expect(JSON.parse(identified[0]?.slice(identified[0].indexOf("{")) ?? "")).toMatchObject({
      tls_v1: options.tls,
      deflate: options.deflate,
      feature_negotiation: true,
    });
    producer.stop();
  });

  it("[CLIENT15] does not speak to a server whose certificate nobody vouches for", async () => {
    const { address, said } = await startServer({ tls_v1: true });
    const producer = new Producer(address, { transport: tcpTransport(), tls: true });
    await expect(producer.publish("t", "hello")).rejects.toThrow("self-signed certificate");
    expect(said).toEqual([]);
  });

  it("[CLIENT15] says that nobody listens", async () => {
    const { address } = await startServer({});
    stop();
    await expect(new Producer(address, { transport: tcpTransport() }).ping()).rejects.toThrow(
      /ECONNREFUSED|could not be reached/,
    );
  });

  it("[CLIENT7] [CLIENT15] gives up a server that does not go on with the handshake it has promised", async () => {
    const sockets: Socket[] = [];
    const server = createServer(async (socket) => {
      sockets.push(socket);
      await readUntil(socket, IDENTIFY_END);
      socket.write(response('{"tls_v1":true}'));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    stop = () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    };
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const producer = new Producer(address, { transport: tcpTransport(), tls: true, dialTimeout: 200 });
    await expect(producer.publish("t", "hello")).rejects.toThrow("did not answer within 200 ms");
    producer.stop();
  });

  it("[CLIENT10] [CLIENT15] does not wait for ever for a server that does not read", async () => {
    const openSockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    await vi.waitFor(() => expect(openSockets()).toBe(0)); // those of tests before this one
    const server = createServer(async (socket) => {
      socket.on("error", () => {});
      await readUntil(socket, IDENTIFY_END);
      socket.write(response("{}"));
      socket.pause();
      stop = () => {
        server.close();
        socket.destroy();
      };
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const producer = new Producer(address, { transport: tcpTransport() });
    await producer.ping();
    expect(openSockets()).toBe(2);
    const refused = expect(producer.publish("t", new Uint8Array(64 * 2 ** 20))).rejects.toThrow("stopped");
    await settled();
    producer.stop();
    await refused;
    await vi.waitFor(() => expect(openSockets()).toBe(1), { timeout: 20_000 });
  });
});
