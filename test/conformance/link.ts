import net from "node:net";
import WebSocket, { type RawData } from "ws";

/** Carries bytes to and from a server, over TCP or in the binary messages of a WebSocket. */
export interface Link {
  /** Does nothing once the connection is closed. */
  send(data: Buffer): void;
  /** Closes the sending side only. */
  half(): void;
  /** Cuts the connection without a goodbye. */
  abort(): void;
  close(): void;
}

/** `failed` and `closed` may both come, and more than once. */
export interface LinkEvents {
  opened(): void;
  received(data: Buffer): void;
  failed(error: Error): void;
  closed(): void;
}

/** How long a server may take to answer the closing of a WebSocket. */
const CLOSE_TIMEOUT_MS = 2_000;

/** @param address `host:port`, IPv6 hosts in brackets */
export function tcpLink(address: string, events: LinkEvents): Link {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  const socket = net.connect({ host, port: Number(address.slice(colon + 1)), noDelay: true });
  socket.on("connect", () => events.opened());
  socket.on("data", (data) => events.received(data));
  socket.on("error", (error) => events.failed(error));
  socket.on("end", () => events.closed());
  socket.on("close", () => events.closed());
  return {
    send: (data) => {
      if (socket.writable) socket.write(data);
    },
    half: () => socket.end(),
    abort: () => socket.resetAndDestroy(),
    close: () => socket.destroy(),
  };
}

export function webSocketLink(url: string, headers: Record<string, string>, events: LinkEvents): Link {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  socket.on("open", () => events.opened());
  socket.on("message", (data, isBinary) => {
    if (isBinary) events.received(binary(data));
    else events.failed(new Error("the server sent a text WebSocket message"));
  });
  socket.on("error", (error) => events.failed(error));
  socket.on("close", () => events.closed());
  return {
    send: (data) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data);
    },
    half: () => {
      throw new Error("a WebSocket has no half-close");
    },
    abort: () => socket.terminate(),
    close: () => {
      socket.close();
      setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref();
    },
  };
}

/** The content of a binary message, of which `ws` makes one Buffer unless told otherwise. */
export function binary(data: RawData): Buffer {
  return data as Buffer;
}
