import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import WebSocket, { WebSocketServer } from "ws";
import { binary } from "./link.ts";
import { checkSizes, Slicer } from "./slicer.ts";

/** What `ws` reports for a close frame without a code, and for a connection cut without one. Neither can be sent. */
const NO_STATUS = 1005;
const ABNORMAL = 1006;
const STOP_TIMEOUT_MS = 2_000;

/**
 * Stands between client and server, cutting the byte stream of every WebSocket anew in both directions, so that neither
 * side gets through by relying on the boundaries of messages. Everything else passes: text, closing, refusals.
 */
export class SlicingRelay {
  readonly #server: Server = createServer();
  readonly #upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #target: string;
  readonly #headers: Record<string, string>;
  readonly #sizes: readonly number[];

  /** @param headers added to the upgrade of every connection to the target */
  static async start(target: string, headers: Record<string, string>, sizes: readonly number[]): Promise<SlicingRelay> {
    checkSizes(sizes);
    const relay = new SlicingRelay(target, headers, sizes);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once("error", reject);
      relay.#server.listen(0, "127.0.0.1", resolve);
    });
    return relay;
  }

  private constructor(target: string, headers: Record<string, string>, sizes: readonly number[]) {
    this.#target = target;
    this.#headers = headers;
    this.#sizes = sizes;
    this.#server.on("upgrade", (request, socket, head) => this.#connect(request, socket, head));
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Lets closing connections finish, and cuts those that do not. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => {
      for (const client of this.#upgrades.clients) client.terminate();
    }, STOP_TIMEOUT_MS);
    await new Promise((resolve) => this.#server.close(resolve));
    clearTimeout(timer);
  }

  /** Accepts the client only once the target, to which the client's query is passed on, has accepted the relay. */
  #connect(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(this.#target);
    for (const [name, value] of new URL(request.url ?? "/", this.url).searchParams)
      url.searchParams.append(name, value);
    const target = new WebSocket(url, { headers: this.#headers, perMessageDeflate: false });
    const refuse = (status: string): void => {
      if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    const abandon = (): void => target.terminate();
    socket.on("error", abandon);
    socket.on("close", abandon);
    target.on("unexpected-response", (_, { statusCode, statusMessage }) => {
      refuse(`${statusCode} ${statusMessage}`);
      target.terminate();
    });
    target.on("error", () => refuse("502 Bad Gateway"));
    target.on("open", () => {
      this.#upgrades.handleUpgrade(request, socket, head, (client) => {
        socket.off("close", abandon); // from now on it is for the client's own close to be passed on
        pass(client, target, new Slicer(this.#sizes));
        pass(target, client, new Slicer(this.#sizes));
      });
    });
  }
}

/** One direction. What arrives in one turn of the event loop is joined first: boundaries vanish as well as appear. */
function pass(from: WebSocket, to: WebSocket, slicer: Slicer): void {
  let pending: Buffer[] = [];
  const flush = (): void => {
    for (const slice of slicer.cut(Buffer.concat(pending))) to.send(slice);
    pending = [];
  };
  from.on("message", (data, isBinary) => {
    if (isBinary) {
      if (pending.length === 0) setImmediate(flush);
      pending.push(binary(data));
    } else {
      flush();
      to.send(String(data));
    }
  });
  from.on("error", () => from.terminate()); // "close" follows
  from.on("close", (code, reason) => {
    flush();
    if (code === ABNORMAL) to.terminate();
    else if (code === NO_STATUS) to.close();
    else to.close(code, reason);
  });
}
