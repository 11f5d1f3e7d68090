// Connections over WebSocket, in browsers, Node and Workers alike.

import type { Transport } from "./transport.ts";

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

/** @param WebSocket to be used in place of the global one */
export function webSocketTransport(WebSocket?: WebSocketConstructor): Transport {
  return {
    upgrades: false,
    addressOf: ({ broadcast_address, http_port }, { protocol }) =>
      `${protocol === "https:" ? "wss" : "ws"}://${broadcast_address}:${http_port}/v2`,
    open: (address, events, signal) =>
      new Promise((resolve, reject) => {
        const Socket = WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
        if (!Socket) throw new Error("there is no WebSocket here: give webSocketTransport one");
        const socket = new (Socket as unknown as new (url: string) => StandardWebSocket)(address);
        socket.binaryType = "arraybuffer";
        let isClosed = false;
        const ended = (error: unknown) => {
          reject(error);
          if (!isClosed) events.closed(error);
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
        socket.addEventListener("open", () =>
          resolve({
            send: (bytes) => {
              // What is sent after the other end has closed is lost, as it is on TCP; in Workers it would throw.
              if (socket.readyState === OPEN) socket.send(bytes);
            },
            close,
          }),
        );
        socket.addEventListener("message", ({ data }) => {
          if (isClosed) return;
          if (data instanceof ArrayBuffer) events.data(new Uint8Array(data));
          else ended(new Error("a text came over the WebSocket"));
        });
        socket.addEventListener("close", ({ reason }) => ended(new Error(reason || "the WebSocket was closed")));
        socket.addEventListener("error", () => ended(new Error(`no WebSocket to ${address}`)));
      }),
  };
}
