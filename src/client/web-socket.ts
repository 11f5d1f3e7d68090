// Connections over WebSocket, in browsers, Node and Workers alike.

import type { Transport } from "./transport.ts";

/** The constructor that is called: the standard's, or one like it. */
export type WebSocketConstructor = new (url: string) => StandardWebSocket;

/** What is used of a WebSocket. */
export interface StandardWebSocket {
  binaryType: string;
  readonly readyState: number;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
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
        const Socket = WebSocket ?? (globalThis as unknown as { WebSocket: WebSocketConstructor }).WebSocket;
        const socket = new Socket(address);
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
            send: (bytes) => socket.send(bytes),
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
