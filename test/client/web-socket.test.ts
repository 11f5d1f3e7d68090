import { afterEach, describe, expect, it, vi } from "vitest";
import type { LinkEvents } from "../../src/client/transport.ts";
import { webSocketTransport } from "../../src/client/web-socket.ts";

afterEach(() => vi.unstubAllGlobals());

class FakeWebSocket extends EventTarget {
  static last: FakeWebSocket;
  binaryType = "blob";
  readyState = 0;
  readonly sent: Uint8Array[] = [];
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    FakeWebSocket.last = this;
  }

  send(data: Uint8Array): void {
    if (this.readyState !== 1) throw new Error("not open");
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  message(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  end(): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { reason: "bye" }));
  }
}

function open(signal = new AbortController().signal) {
  const seen: string[] = [];
  const events: LinkEvents = {
    data: (bytes) => seen.push(`data ${bytes}`),
    closed: (error) => seen.push(`closed: ${(error as Error).message}`),
  };
  const link = webSocketTransport(FakeWebSocket).open("ws://broker/v2", events, signal);
  return { link, socket: FakeWebSocket.last, seen };
}

// The standard's constructor is one that can be given, as far as types go.
webSocketTransport(WebSocket);

describe("a WebSocket", () => {
  it("[CLIENT16] carries bytes both ways, until it ends", async () => {
    const { link, socket, seen } = open();
    socket.open();
    const { send } = await link;
    send(Uint8Array.of(1));
    socket.message(Uint8Array.of(2, 3).buffer);
    socket.end();
    send(Uint8Array.of(4)); // too late
    expect([socket.url, socket.binaryType, socket.sent]).toEqual(["ws://broker/v2", "arraybuffer", [Uint8Array.of(1)]]);
    expect(seen).toEqual(["data 2,3", "closed: bye"]);
  });

  it("[CLIENT16] that is closed here says nothing more", async () => {
    const { link, socket, seen } = open();
    socket.open();
    (await link).close();
    socket.message(Uint8Array.of(1).buffer);
    socket.end();
    expect(seen).toEqual([]);
  });

  it("[CLIENT16] on which a text comes is over", async () => {
    const { link, socket, seen } = open();
    socket.open();
    await link;
    socket.message("hello");
    expect(seen).toEqual(["closed: a text came over the WebSocket"]);
  });

  it("[CLIENT16] that does not open in time is given up", async () => {
    const abort = new AbortController();
    const { link, socket } = open(abort.signal);
    abort.abort(new Error("too late"));
    await expect(link).rejects.toThrow("too late");
    expect(socket.readyState).toBe(2);
  });

  it("[CLIENT16] says that there is none where the platform has none", async () => {
    vi.stubGlobal("WebSocket", undefined);
    const events: LinkEvents = { data: () => {}, closed: () => {} };
    const opened = webSocketTransport().open("ws://broker/v2", events, new AbortController().signal);
    await expect(opened).rejects.toThrow("there is no WebSocket here: give webSocketTransport one");
  });
});
