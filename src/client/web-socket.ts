// Connections over WebSocket, in browsers, Node and Workers alike.

import { toByteString, utf8 } from "../protocol/bytes.ts";
import { SUBPROTOCOL, TOKEN_PREFIX } from "../protocol/subprotocol.ts";
import { NotConnectedError } from "./errors.ts";
import type { Link, LinkEvents, Transport } from "./transport.ts";

/** The standard's WebSocket, or one like it: the types of those that there are have little in common. */
export type WebSocketConstructor = new (...args: never[]) => object;

/** What is used of it. */
interface StandardWebSocket {
  binaryType: string;
  readonly readyState: number;
  send(data: Uint8Array): void;
  close(code: number): void;
  addEventListener(
    type: string,
    listener: (event: { readonly data?: unknown; readonly reason?: string }) => void,
  ): void;
}

const OPEN = 1;
/**
 * Straight to a topic or a channel of a broker, which wants the secret with the upgrade. Anywhere else AUTH does better: it is answered
 * with what is wrong, and a server that agrees to no subprotocol is none for a browser that offers some.
 */
const DIRECT_PATH = /[?&]topic=/;

/** @param WebSocket to be used in place of the global one */
export function webSocketTransport(WebSocket?: WebSocketConstructor): Transport {
  return {
    upgrades: false,
    addressOf: ({ broadcast_address, http_port }, { protocol }) =>
      `${protocol === "https:" ? "wss" : "ws"}://${broadcast_address}:${http_port}/v2`,
    async open(address, events, signal, takeSecret) {
      const Socket = WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
      if (!Socket) throw new Error("there is no WebSocket here: give webSocketTransport one");
      const isDirect = DIRECT_PATH.test(address);
      const secret = isDirect ? await takeSecret() : "";
      signal.throwIfAborted();
      const create = Socket as unknown as new (url: string, protocols?: string[]) => StandardWebSocket;
      const socket = new create(address, secret === "" ? undefined : [SUBPROTOCOL, bearer(secret)]);
      // A browser does not tell why an upgrade failed.
      const hint = secret === "" ? "may require a secret: option authSecret" : "may have refused the secret";
      const problem = `no WebSocket to ${address}${isDirect ? `, which ${hint}` : ""}`;
      return opened(socket, events, signal, problem);
    },
  };
}

/** Resolves when it is open. */
function opened(socket: StandardWebSocket, events: LinkEvents, signal: AbortSignal, problem: string): Promise<Link> {
  socket.binaryType = "arraybuffer";
  let isOpen = false;
  let isClosed = false;
  return new Promise((resolve, reject) => {
    const ended = (why: string) => {
      if (!isOpen) reject(new NotConnectedError(problem));
      else if (!isClosed) events.closed(new Error(why));
      isClosed = true;
    };
    const close = () => {
      isClosed = true;
      socket.close(1000);
    };
    signal.addEventListener("abort", () => {
      reject(signal.reason);
      if (socket.readyState !== OPEN) close();
    });
    socket.addEventListener("open", () => {
      isOpen = true;
      resolve({
        send: (bytes) => {
          // What is sent after the other end has closed is lost, as it is on TCP; in Workers it would throw.
          if (socket.readyState === OPEN) socket.send(bytes);
        },
        close,
      });
    });
    socket.addEventListener("message", ({ data }) => {
      if (isClosed) return;
      if (data instanceof ArrayBuffer) events.data(new Uint8Array(data));
      else ended("a text came over the WebSocket");
    });
    socket.addEventListener("close", ({ reason }) => ended(reason || "the WebSocket was closed"));
    socket.addEventListener("error", () => ended("the WebSocket failed"));
  });
}

/** A browser cannot set headers of a WebSocket: the secret is offered as a subprotocol, in letters that one may have. */
function bearer(secret: string): string {
  const base64 = btoa(toByteString(utf8(secret)));
  return `${TOKEN_PREFIX}${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}
