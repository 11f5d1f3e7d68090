// A WebSocket server in the broker's place, which does what a test says.

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

export interface FakeBroker {
  /** `http://127.0.0.1:port` */
  readonly http: string;
  /** The next connection that is not taken yet. */
  next(): Promise<{ socket: WebSocket; request: IncomingMessage }>;
  /** Is gone, with all its connections. */
  stop(): void;
}

/** @param autoPong whether pings are answered */
export async function startFakeBroker({ autoPong = true } = {}): Promise<FakeBroker> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", autoPong });
  const stop = () => {
    for (const client of server.clients) client.terminate();
    server.close();
  };
  onTestFinished(stop);
  await once(server, "listening");
  const waiting: { socket: WebSocket; request: IncomingMessage }[] = [];
  let arrived = () => {};
  server.on("connection", (socket, request) => {
    waiting.push({ socket, request });
    arrived();
  });
  return {
    stop,
    http: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async next() {
      while (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
      return waiting.shift() as { socket: WebSocket; request: IncomingMessage };
    },
  };
}
