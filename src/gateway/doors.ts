// The doors for V2 and V1: /v2 for any client, /v2?topic= and /v2?topic=&channel= straight to an object, /v1 for producers
// elsewhere, and raw TCP for all of them where the runtime accepts it (design 1).

import { introduce } from "../durable/introduction.ts";
import { channelObject, FIRST_NODE, LOOKUP_OBJECT, topicObject } from "../durable/object-names.ts";
import type { Options } from "../options.ts";
import { ownPeerInfo } from "../own-node.ts";
import { concat, EMPTY, toByteString } from "../protocol/bytes.ts";
import { isValidName } from "../protocol/names.ts";
import type { Connection } from "../session/connection.ts";
import type { ClientEnd, OnTaken } from "./client-end.ts";
import { Gateway } from "./gateway.ts";
import { TcpEnd } from "./tcp-end.ts";
import { TcpReader } from "./tcp-reader.ts";
import { V1Link } from "./v1-link.ts";
import { WebSocketEnd } from "./websocket-end.ts";

/** WebSocket close code (RFC 6455 7.4.1). */
const UNSUPPORTED_DATA = 1003;
const MAGIC_LENGTH = 4;
const V1_MAGIC = "  V1";

/** Answers a request for /v2. */
export async function openV2(
  request: Request,
  env: Env,
  options: Options,
  context: ExecutionContext,
): Promise<Response> {
  if (!isUpgrade(request)) return upgradeRequired("V2");
  const { searchParams } = new URL(request.url);
  const topic = searchParams.get("topic");
  const channel = searchParams.get("channel");
  const connection = newConnection(request.headers.get("CF-Connecting-IP"));
  if (topic === null)
    return channel === null ? serveWebSocket(env, options, connection, context) : badName("MISSING_ARG_TOPIC");
  if (!isValidName(topic)) return badName("INVALID_ARG_TOPIC");
  if (channel !== null && !isValidName(channel)) return badName("INVALID_ARG_CHANNEL");
  const object =
    channel === null
      ? env.TOPIC.getByName(topicObject({ node: FIRST_NODE, topic }))
      : env.CHANNEL.getByName(channelObject({ node: FIRST_NODE, topic, channel }));
  // Only what is said here reaches the object: the client's own headers stay outside.
  return object.fetch(request.url, { headers: introduce({ connection, gateway: null }) });
}

/** Answers a request for /v1. */
export async function openV1(request: Request, env: Env, options: Options): Promise<Response> {
  if (!isUpgrade(request)) return upgradeRequired("V1");
  const connection = newConnection(request.headers.get("CF-Connecting-IP"));
  const self = selfIntroduction(options, new URL(request.url));
  const lookup = env.LOOKUP.getByName(LOOKUP_OBJECT);
  return lookup.fetch(request.url, { headers: introduce({ connection, isLink: false, self }) });
}

/** Serves a client on a TCP connection until it ends: its first four bytes say which protocol it speaks. */
export async function serveTcp(socket: Socket, env: Env, options: Options): Promise<void> {
  const { remoteAddress } = await socket.opened;
  const connection = newConnection(null, remoteAddress);
  const reader = new TcpReader(socket.readable);
  let client: TcpClient | null = null;
  const stopReading = () => reader.cancel();
  const createEnd = (onTaken: OnTaken) => new TcpEnd(socket, onTaken, () => client?.close(), stopReading);
  try {
    const magic = await readMagic(reader);
    client =
      toByteString(magic, 0, MAGIC_LENGTH) === V1_MAGIC
        ? newV1Link(env, options, connection, createEnd)
        : new Gateway(env, options, connection, createEnd);
    client.receive(magic);
    for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
      client.receive(bytes);
      await client.hasRoom();
    }
    await client.endOfInput();
  } catch {
    client?.close(); // the client reset the connection
  }
  await socket.closed.catch(() => {});
  client?.close();
}

/** What the Worker does for a client on TCP: a gateway for V2, or a link to Lookup for V1. */
interface TcpClient {
  receive(bytes: Uint8Array): void;
  endOfInput(): Promise<void>;
  /** Resolves when the client may be read on. */
  hasRoom(): Promise<void>;
  close(): void;
}

/** The first bytes of a connection: at least the magic, unless the connection ends before. */
async function readMagic(reader: TcpReader): Promise<Uint8Array> {
  let bytes: Uint8Array = EMPTY;
  while (bytes.length < MAGIC_LENGTH) {
    const more = await reader.read();
    if (more === null) break;
    bytes = concat([bytes, more]);
  }
  return bytes;
}

function newV1Link(env: Env, options: Options, connection: Connection, createEnd: (onTaken: OnTaken) => ClientEnd) {
  const introduction = { connection, isLink: true, self: selfIntroduction(options, null) };
  return new V1Link(env.LOOKUP.getByName(LOOKUP_OBJECT), introduction, createEnd);
}

/** What nsqlookupd tells a producer of itself (spec 5.2). */
function selfIntroduction(options: Options, calledAt: URL | null): string {
  const { broadcast_address, hostname, http_port, tcp_port, version } = ownPeerInfo(options, calledAt);
  return JSON.stringify({ broadcast_address, hostname, http_port, tcp_port, version });
}

function serveWebSocket(env: Env, options: Options, connection: Connection, context: ExecutionContext): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.binaryType = "arraybuffer";
  server.accept();
  const gateway = new Gateway(env, options, connection, (onTaken) => new WebSocketEnd(server, onTaken));
  server.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") gateway.receive(new Uint8Array(data as ArrayBuffer));
    else server.close(UNSUPPORTED_DATA, "binary messages only");
  });
  // What was sent before the connection ended is carried out, though nobody hears the answers.
  const finish = async () => {
    await gateway.endOfInput();
    await gateway.allAnswered();
    gateway.close();
  };
  const ended = () => context.waitUntil(finish());
  server.addEventListener("close", ended);
  server.addEventListener("error", ended);
  return new Response(null, { status: 101, webSocket: client });
}

function isUpgrade(request: Request): boolean {
  return request.headers.get("Upgrade")?.toLowerCase() === "websocket";
}

function upgradeRequired(protocol: string): Response {
  const text = `${protocol} is spoken here over WebSocket.\n`;
  return new Response(text, { status: 426, headers: { Upgrade: "websocket" } });
}

function badName(code: string): Response {
  return new Response(JSON.stringify({ message: code }), { status: 400 });
}

/**
 * A connection as it begins. nsqadmin wants `host:port` to tell clients apart; where the runtime does not tell the port,
 * one is drawn.
 */
function newConnection(host: string | null, address?: string): Connection {
  const drawnPort = 1024 + ((crypto.getRandomValues(new Uint16Array(1))[0] as number) % (65_536 - 1024));
  return {
    id: crypto.randomUUID(),
    remoteAddress: address ?? `${host ?? "unknown"}:${drawnPort}`,
    connectedAt: Date.now(),
  };
}
