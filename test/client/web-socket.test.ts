import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer, WebSocket as WsWebSocket } from "ws";
import { offered } from "../../src/auth/credential.ts";
import { NotConnectedError, Producer } from "../../src/client/index.ts";
import type { LinkEvents } from "../../src/client/transport.ts";
import { webSocketTransport } from "../../src/client/web-socket.ts";
import { SUBPROTOCOL } from "../../src/protocol/subprotocol.ts";
import { settled } from "./virtual-clock.ts";

afterEach(() => vi.unstubAllGlobals());

class FakeWebSocket extends EventTarget {
  static last: FakeWebSocket;
  binaryType = "blob";
  readyState = 0;
  readonly sent: Uint8Array[] = [];
  readonly url: string;
  readonly protocols: string[] | undefined;

  constructor(url: string, protocols?: string[]) {
    super();
    this.url = url;
    this.protocols = protocols;
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

  /** As where nobody is, and where the upgrade is refused. */
  fail(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event("error"));
    this.dispatchEvent(Object.assign(new Event("close"), { reason: "" }));
  }
}

const DIRECT = "ws://broker/v2?topic=t&channel=ch";

interface Opening {
  readonly address?: string;
  readonly signal?: AbortSignal;
  readonly secret?: string;
}

function open({ address = "ws://broker/v2", signal = new AbortController().signal, secret = "" }: Opening = {}) {
  const seen: string[] = [];
  const events: LinkEvents = {
    data: (bytes) => seen.push(`data ${bytes}`),
    closed: (error) => seen.push(`closed: ${(error as Error).message}`),
  };
  const link = webSocketTransport(FakeWebSocket).open(address, events, signal, async () => secret);
  return { link, socket: FakeWebSocket.last, seen };
}

/** The same where the secret is waited for. */
async function openDirect(opening: Opening) {
  const { link, seen } = open({ address: DIRECT, ...opening });
  await Promise.resolve();
  await Promise.resolve();
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
    const { link, socket } = open({ signal: abort.signal });
    abort.abort(new Error("too late"));
    await expect(link).rejects.toThrow("too late");
    expect(socket.readyState).toBe(2);
  });

  it("[CLIENT16] says that there is none where the platform has none", async () => {
    vi.stubGlobal("WebSocket", undefined);
    const events: LinkEvents = { data: () => {}, closed: () => {} };
    const { signal } = new AbortController();
    const opened = webSocketTransport().open("ws://broker/v2", events, signal, async () => "");
    await expect(opened).rejects.toThrow("there is no WebSocket here: give webSocketTransport one");
  });

  it.each([DIRECT, "ws://broker/v2?topic=t", "/v2?a=b&topic=t"])(
    "[CLIENT8] shows the secret with the upgrade on the direct path %s",
    async (address) => {
      const { socket } = await openDirect({ address, secret: "é>ÿ?é>?" });
      // In base64 it is w6k+w78/w6k+Pw==, with letters that no subprotocol may have.
      expect([socket.url, socket.protocols]).toEqual([address, ["nsq-edge", "nsq-edge.bearer.w6k-w78_w6k-Pw"]]);
    },
  );

  it.each([
    ["where AUTH asks for it", "ws://broker/v2", "s"],
    ["where AUTH asks for it, whatever else is in the address", "ws://broker/v2?subtopic=t", "s"],
    ["when there is none", DIRECT, ""],
  ])("[CLIENT8] shows no secret with the upgrade %s", async (_, address, secret) => {
    const { socket } = await openDirect({ address, secret });
    expect([socket.url, socket.protocols]).toEqual([address, undefined]);
  });

  it.each([
    ["the secret may have been refused", DIRECT, "s", `no WebSocket to ${DIRECT}, which may have refused the secret`],
    ["one may be missing", DIRECT, "", `no WebSocket to ${DIRECT}, which may require a secret: option authSecret`],
    ["nothing more where it has shown none", "ws://broker/v2", "s", "no WebSocket to ws://broker/v2"],
  ])("[CLIENT7] [CLIENT8] that does not open says so once, and %s", async (_, address, secret, message) => {
    const { link, socket, seen } = await openDirect({ address, secret });
    socket.fail();
    await expect(link).rejects.toEqual(new NotConnectedError(message));
    expect(seen).toEqual([]);
  });

  it("[CLIENT8] the reason why it does not open reaches whoever publishes", async () => {
    const transport = webSocketTransport(FakeWebSocket);
    const producer = new Producer(DIRECT, { transport, authSecret: "s" });
    const failed = expect(producer.ping()).rejects.toThrow(
      `${DIRECT} could not be reached: no WebSocket to ${DIRECT}, which may have refused the secret`,
    );
    await settled();
    FakeWebSocket.last.fail();
    await failed;
  });

  it("[CLIENT8] [CLIENT16] is not opened when it was given up while its secret was fetched", async () => {
    const abort = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    const before = FakeWebSocket.last;
    const events: LinkEvents = { data: () => {}, closed: () => {} };
    const link = webSocketTransport(FakeWebSocket).open(DIRECT, events, abort.signal, () => promise);
    abort.abort(new Error("too late"));
    resolve("s");
    await expect(link).rejects.toThrow("too late");
    expect(FakeWebSocket.last).toBe(before);
  });

  it.each([
    ["the platform's", undefined],
    ["that of ws", WsWebSocket],
  ])("[CLIENT8] [CLIENT16] shows a secret to a broker, as %s", async (_, Socket) => {
    const secrets = new Set<string | null>();
    let isKnown = false;
    const server = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      verifyClient: ({ req }: { req: IncomingMessage }) => {
        const headers = new Headers({ "Sec-WebSocket-Protocol": req.headers["sec-websocket-protocol"] ?? "" });
        secrets.add(offered({ headers } as Request).token);
        return isKnown;
      },
      handleProtocols: (protocols) => protocols.has(SUBPROTOCOL) && SUBPROTOCOL,
    });
    await once(server, "listening");
    const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v2?topic=t`;
    const closed = Promise.withResolvers<unknown>();
    const events: LinkEvents = { data: () => {}, closed: closed.resolve };
    const { signal } = new AbortController();
    const open = () => webSocketTransport(Socket).open(address, events, signal, async () => "sécret/+ 1");
    await expect(open()).rejects.toThrow("which may have refused the secret");
    isKnown = true;
    await open();
    for (const client of server.clients) client.close(1000, "AUTH failed");
    expect([...secrets, await closed.promise]).toEqual(["sécret/+ 1", new Error("AUTH failed")]);
    server.close();
  });
});
