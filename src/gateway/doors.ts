// The doors for V2: /v2 for any client, /v2?topic= and /v2?topic=&channel= straight to an object, and raw TCP where the
// runtime accepts it (design 1).

import { introduce } from "../durable/introduction.ts";
import { channelObject, FIRST_NODE, topicObject } from "../durable/object-names.ts";
import type { Options } from "../options.ts";
import { isValidName } from "../protocol/names.ts";
import type { Connection } from "../session/connection.ts";
import { Gateway } from "./gateway.ts";
import { TcpEnd } from "./tcp-end.ts";
import { WebSocketEnd } from "./websocket-end.ts";

/** WebSocket close code (RFC 6455 7.4.1). */
const UNSUPPORTED_DATA = 1003;

/** Answers a request for /v2. */
export async function openV2(request: Request, env: Env, options: Options): Promise<Response> {
  if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
    return new Response("V2 is spoken here over WebSocket.\n", { status: 426, headers: { Upgrade: "websocket" } });
  }
  const { searchParams } = new URL(request.url);
  const topic = searchParams.get("topic");
  const channel = searchParams.get("channel");
  const connection = newConnection(request.headers.get("CF-Connecting-IP"));
  if (topic === null) return channel === null ? serveWebSocket(env, options, connection) : badName("MISSING_ARG_TOPIC");
  if (!isValidName(topic)) return badName("INVALID_ARG_TOPIC");
  if (channel !== null && !isValidName(channel)) return badName("INVALID_ARG_CHANNEL");
  const object =
    channel === null
      ? env.TOPIC.getByName(topicObject({ node: FIRST_NODE, topic }))
      : env.CHANNEL.getByName(channelObject({ node: FIRST_NODE, topic, channel }));
  // Only what is said here reaches the object: the client's own headers stay outside.
  return object.fetch(request.url, { headers: introduce({ connection, gateway: null }) });
}

/** Serves a client on a TCP connection until it ends. */
export async function serveTcp(socket: Socket, env: Env, options: Options): Promise<void> {
  const { remoteAddress } = await socket.opened;
  const gateway: Gateway = new Gateway(
    env,
    options,
    newConnection(null, remoteAddress),
    (onTaken) => new TcpEnd(socket, onTaken, () => gateway.close()),
  );
  const reader = socket.readable.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      gateway.receive(read.value as Uint8Array);
      await gateway.hasRoom();
    }
    gateway.endOfInput();
  } catch {
    gateway.close(); // the client reset the connection
  }
  await socket.closed.catch(() => {});
  gateway.close();
}

function serveWebSocket(env: Env, options: Options, connection: Connection): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.binaryType = "arraybuffer";
  server.accept();
  const gateway = new Gateway(env, options, connection, (onTaken) => new WebSocketEnd(server, onTaken));
  server.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") gateway.receive(new Uint8Array(data as ArrayBuffer));
    else server.close(UNSUPPORTED_DATA, "binary messages only");
  });
  server.addEventListener("close", () => gateway.close());
  server.addEventListener("error", () => gateway.close());
  return new Response(null, { status: 101, webSocket: client });
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
