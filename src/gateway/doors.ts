// The doors for V2 and V1: /v2 for any client, /v2?topic= and /v2?topic=&channel= straight to an object, /v1 for producers
// elsewhere, and raw TCP for all of them where the runtime accepts it (design 1).

import { offered, tokenOf } from "../auth/credential.ts";
import { type Doorkeeper, peerOf, type Refusal } from "../auth/doorkeeper.ts";
import { may, type Names, type Need } from "../auth/need.ts";
import { addressKey, keyOf, keysOf } from "../auth/rate-limits.ts";
import { introduce } from "../durable/introduction.ts";
import { channelObject, FIRST_NODE, LOOKUP_OBJECT, topicObject } from "../durable/object-names.ts";
import { type Identity, narrowed } from "../identity/identity.ts";
import { identityData } from "../identity/identity-data.ts";
import type { Options } from "../options.ts";
import { ownPeerInfo } from "../own-node.ts";
import { concat, EMPTY, toByteString } from "../protocol/bytes.ts";
import { isValidName } from "../protocol/names.ts";
import { SUBPROTOCOL } from "../protocol/subprotocol.ts";
import type { Connection } from "../session/connection.ts";
import type { GatewayCaller } from "./client-access.ts";
import type { ClientEnd, OnTaken } from "./client-end.ts";
import { Gateway, type GatewayPlace } from "./gateway.ts";
import { RefusedClient } from "./refused-client.ts";
import { TcpEnd } from "./tcp-end.ts";
import { TcpReader } from "./tcp-reader.ts";
import { V1Link } from "./v1-link.ts";
import { WebSocketEnd } from "./websocket-end.ts";

/** WebSocket close code (RFC 6455 7.4.1). */
const UNSUPPORTED_DATA = 1003;
const MAGIC_LENGTH = 4;
/** Letters of what an object is told of who comes, and keeps over a sleep (platform notes A1: 16 KiB for all that a socket carries). */
const MAX_IDENTITY = 2_048;
const V1_MAGIC = "  V1";

/** Who comes to /v2 may say in AUTH who he is, then it is null; on the direct paths an object wakes, so it takes a secret to get there. */
export function v2Need({ topic, channel }: Names): Need | null {
  if (topic === null) return null;
  return channel === null ? may("publish", "topic") : may("subscribe", "channel");
}

/** Who registers a producer leads consumers to it. */
export const V1_NEED = may("admin", "everything");

/** Answers a request for /v2 of somebody who was let in. */
export async function openV2(
  request: Request,
  place: GatewayPlace,
  identity: Identity | null,
  { topic, channel }: Names,
  context: ExecutionContext,
): Promise<Response | Refusal> {
  if (!isUpgrade(request)) return upgradeRequired("V2");
  const { env, doorkeeper } = place;
  const connection = newConnection(request.headers.get("CF-Connecting-IP"));
  if (topic === null && channel !== null) return badRequest("MISSING_ARG_TOPIC");
  if (topic !== null && !isValidName(topic)) return badRequest("INVALID_ARG_TOPIC");
  if (channel !== null && !isValidName(channel)) return badRequest("INVALID_ARG_CHANNEL");
  const caller = { peer: peerOf(request), identity, secret: tokenOf(request) ?? "" };
  if (!(await mayOpen(doorkeeper, caller, { topic, channel }))) return "too-many";
  if (topic === null) return agreed(request, serveWebSocket(place, connection, caller, context));
  const object =
    channel === null
      ? env.TOPIC.getByName(topicObject({ node: FIRST_NODE, topic }))
      : env.CHANNEL.getByName(channelObject({ node: FIRST_NODE, topic, channel }));
  const told = doorkeeper.isOpen || identity === null ? null : identityData(narrowed(identity, topic, channel));
  if (JSON.stringify(told).length > MAX_IDENTITY) return badRequest("AUTHORIZATIONS_TOO_LONG");
  // Only what is said here reaches the object: the client's own headers stay outside.
  const headers = introduce({ connection, gateway: null, identity: told });
  return agreed(request, await object.fetch(request.url, { headers }));
}

/** Whether another connection, and a topic or channel that may be new with it, is not too much. */
async function mayOpen(
  { limits }: Doorkeeper,
  { peer, identity }: GatewayCaller,
  { topic, channel }: Names,
): Promise<boolean> {
  if (!(await limits.mayConnect(keysOf(identity, peer)))) return false;
  return topic === null || ((await limits.mayCreate(keyOf(identity, peer), { topic, channel })) ?? true);
}

/** A browser that offers a subprotocol wants it agreed to. */
function agreed(request: Request, response: Response): Response {
  const { webSocket } = response;
  if (!webSocket || !offered(request).isOffered) return response;
  return new Response(null, { status: 101, webSocket, headers: { "Sec-WebSocket-Protocol": SUBPROTOCOL } });
}

/** Answers a request for /v1 of somebody who was let in. */
export async function openV1(
  request: Request,
  { env, options, doorkeeper }: GatewayPlace,
  identity: Identity,
): Promise<Response | Refusal> {
  if (!isUpgrade(request)) return upgradeRequired("V1");
  if (!(await doorkeeper.limits.mayConnect(keysOf(identity, peerOf(request))))) return "too-many";
  const connection = newConnection(request.headers.get("CF-Connecting-IP"));
  const self = selfIntroduction(options, new URL(request.url));
  const endsAt = Number.isFinite(identity.endsAt) ? identity.endsAt : null;
  const lookup = env.LOOKUP.getByName(LOOKUP_OBJECT);
  const response = await lookup.fetch(request.url, { headers: introduce({ connection, isLink: false, self, endsAt }) });
  return agreed(request, response);
}

/** Serves a client on a TCP connection until it ends: its first four bytes say which protocol it speaks. */
export async function serveTcp(socket: Socket, place: GatewayPlace): Promise<void> {
  const { remoteAddress } = await socket.opened;
  const connection = newConnection(null, remoteAddress);
  const peer = { remoteIp: hostOf(remoteAddress), isTls: false };
  const caller = { peer, identity: null, secret: "" };
  if (!(await place.doorkeeper.limits.mayConnect([addressKey(peer)]))) {
    await socket.close();
    return;
  }
  const reader = new TcpReader(socket.readable);
  let client: TcpClient | null = null;
  const stopReading = () => reader.cancel();
  const createEnd = (onTaken: OnTaken) => new TcpEnd(socket, onTaken, () => client?.close(), stopReading);
  try {
    const magic = await readMagic(reader);
    client =
      toByteString(magic, 0, MAGIC_LENGTH) === V1_MAGIC
        ? newV1Client(place, connection, createEnd)
        : new Gateway(place, connection, caller, createEnd);
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

/** Lookup cannot be told who somebody is on TCP: V1 has no AUTH. */
function newV1Client(
  { env, options, doorkeeper }: GatewayPlace,
  connection: Connection,
  createEnd: (onTaken: OnTaken) => ClientEnd,
): TcpClient {
  if (!doorkeeper.isOpen) return new RefusedClient(createEnd(() => {}));
  const introduction = { connection, isLink: true, self: selfIntroduction(options, null), endsAt: null };
  return new V1Link(env.LOOKUP.getByName(LOOKUP_OBJECT), introduction, createEnd);
}

/** What nsqlookupd tells a producer of itself (spec 5.2). */
function selfIntroduction(options: Options, calledAt: URL | null): string {
  const { broadcast_address, hostname, http_port, tcp_port, version } = ownPeerInfo(options, calledAt);
  return JSON.stringify({ broadcast_address, hostname, http_port, tcp_port, version });
}

function serveWebSocket(
  place: GatewayPlace,
  connection: Connection,
  caller: GatewayCaller,
  context: ExecutionContext,
): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.binaryType = "arraybuffer";
  // A client's close frame ends what it sends, as a FIN does on TCP: the other side is closed when all of that is answered.
  server.accept({ allowHalfOpen: true });
  const gateway = new Gateway(place, connection, caller, (onTaken) => new WebSocketEnd(server, onTaken));
  server.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") gateway.receive(new Uint8Array(data as ArrayBuffer));
    else server.close(UNSUPPORTED_DATA, "binary messages only");
  });
  // What was sent before the connection ended is carried out, whether or not anybody still hears the answers.
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

function badRequest(code: string): Response {
  return new Response(JSON.stringify({ message: code }), { status: 400 });
}

/** As nsqd tells an auth server: without a port, and without the brackets of IPv6. */
function hostOf(address: string | undefined): string {
  return address?.replace(/:\d+$/, "").replace(/^\[|\]$/g, "") ?? "";
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
