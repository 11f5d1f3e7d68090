// What carries the bytes of a V2 client: a TCP connection or a WebSocket.

import net from "node:net";
import WebSocket from "ws";

/** `pause` stops reading, so that the peer's writes run into full buffers. */
export interface Wire {
  write(data: string | Buffer): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface WireEvents {
  opened(): void;
  received(data: Buffer): void;
  closed(error?: Error): void;
}

/** @param address `host:port`, or the URL of a WebSocket */
export function openWire(address: string, events: WireEvents): Wire {
  return address.startsWith("ws:") ? webSocketWire(address, events) : tcpWire(address, events);
}

function tcpWire(address: string, events: WireEvents): Wire {
  const [host = "", port] = address.split(":");
  const socket = net.connect({ host, port: Number(port), noDelay: true });
  socket.on("connect", () => events.opened());
  socket.on("data", (data) => events.received(data));
  socket.on("error", (error) => events.closed(error));
  socket.on("close", () => events.closed());
  return {
    write: (data) => void socket.write(data),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
}

function webSocketWire(url: string, events: WireEvents): Wire {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on("open", () => events.opened());
  socket.on("message", (data) => events.received(data as Buffer));
  socket.on("error", (error) => events.closed(error));
  socket.on("close", () => events.closed());
  return {
    write: (data) => socket.send(Buffer.from(data)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    destroy: () => socket.terminate(),
  };
}
