// The floor: the least that a Worker can do for the traffic of a scenario. What the broker is compared with is not what it could
// leave out, but what the runtime itself takes.

import { DurableObject } from "cloudflare:workers";

interface Floor {
  readonly STORE: DurableObjectNamespace<Store>;
  readonly PIPE: DurableObjectNamespace<Pipe>;
  readonly SOURCE: DurableObjectNamespace<Source>;
}

const OK = Uint8Array.of(0, 0, 0, 6, 0, 0, 0, 0, 0x4f, 0x4b);
/** Bytes of a message frame whose body has 200. */
const FRAME = 234;
const SIZE_AND_TYPE = Uint8Array.of(0, 0, 0, FRAME - 4, 0, 0, 0, 2);
const RDY = 2_500;
/** Bytes of a FIN. */
const FIN = 21;

export default {
  async fetch(request, { STORE, PIPE, SOURCE }) {
    const { pathname, searchParams } = new URL(request.url);
    const name = searchParams.get("name") ?? "";
    switch (pathname) {
      case "/insert":
        await STORE.getByName(name).insert(await request.arrayBuffer());
        return new Response("OK");
      case "/nothing":
        await STORE.getByName(name).nothing();
        return new Response("OK");
      case "/store":
        return STORE.getByName(name).fetch(request);
      case "/source":
        return SOURCE.getByName(name).fetch(request);
      case "/pipe":
        return PIPE.getByName(name).fetch(request);
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<Floor>;

/** Accepts hibernating WebSockets, as the broker's objects do. */
abstract class SocketObject extends DurableObject<Floor> {
  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.accepted(new URL(request.url).searchParams);
    return new Response(null, { status: 101, webSocket: client });
  }

  protected accepted(_params: URLSearchParams): void {}
}

/** Writes each message as one row. */
abstract class RowObject extends SocketObject {
  /** Replies to a message. */
  #replies: Uint8Array = OK;

  constructor(ctx: DurableObjectState, env: Floor) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, data BLOB NOT NULL)");
  }

  protected override accepted(params: URLSearchParams): void {
    const count = Number(params.get("replies") ?? 1);
    this.#replies = new Uint8Array(count * OK.length);
    for (let i = 0; i < count; i++) this.#replies.set(OK, i * OK.length);
  }

  protected write(data: ArrayBuffer): void {
    this.ctx.storage.sql.exec("INSERT INTO log (data) VALUES (?)", data);
  }

  protected answer(webSocket: WebSocket): void {
    webSocket.send(this.#replies);
  }
}

/** Stores and answers. */
export class Store extends RowObject {
  nothing(): void {}

  insert(data: ArrayBuffer): void {
    this.write(data);
  }

  override webSocketMessage(webSocket: WebSocket, message: ArrayBuffer): void {
    this.write(message);
    this.answer(webSocket);
  }
}

/** What comes from a producer is stored, answered, and passed on to other objects; these send it to their consumers. */
export class Pipe extends RowObject {
  /** Names of the objects to pass on to; null for one that is passed on to. */
  #to: string[] | null = null;

  protected override accepted(params: URLSearchParams): void {
    super.accepted(params);
    this.#to = params.get("to")?.split(",") ?? null;
  }

  override webSocketMessage(webSocket: WebSocket, message: ArrayBuffer): void {
    if (this.#to === null) return; // an answer of a consumer
    this.write(message);
    this.answer(webSocket);
    for (const name of this.#to) void this.env.PIPE.getByName(name).deliver(message);
  }

  deliver(message: ArrayBuffer): void {
    for (const webSocket of this.ctx.getWebSockets()) webSocket.send(message);
  }
}

/** Sends message frames: as many as a consumer was ready for, and then as many as it finishes. */
export class Source extends SocketObject {
  readonly #frames = messageFrames(RDY);

  override webSocketMessage(webSocket: WebSocket, message: ArrayBuffer): void {
    const count = message.byteLength % FIN === 0 ? message.byteLength / FIN : RDY;
    webSocket.send(this.#frames.subarray(0, count * FRAME));
  }
}

function messageFrames(count: number): Uint8Array {
  const frames = new Uint8Array(count * FRAME).fill(0x78);
  for (let at = 0; at < frames.length; at += FRAME) frames.set(SIZE_AND_TYPE, at);
  return frames;
}
