import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { SlicingRelay } from "./slicing-relay.ts";

const HEADERS = { authorization: "Bearer test" };

let server: WebSocketServer;
let relay: SlicingRelay;

beforeEach(async () => {
  const isWelcome = ({ req }: { req: IncomingMessage }): boolean => req.url !== "/closed";
  server = new WebSocketServer({ host: "127.0.0.1", port: 0, verifyClient: isWelcome });
  await once(server, "listening");
});

afterEach(async () => {
  await relay.stop();
  server.close();
});

/** A client of the relay and the server's end of the same connection. */
async function connect(): Promise<{ client: WebSocket; peer: WebSocket; authorization: string | undefined }> {
  await startRelay("/");
  const client = new WebSocket(relay.url);
  const [[peer, request]] = await Promise.all([once(server, "connection"), once(client, "open")]);
  return { client, peer, authorization: request.headers.authorization };
}

async function startRelay(path: string): Promise<void> {
  const { port } = server.address() as AddressInfo;
  relay = await SlicingRelay.start(`ws://127.0.0.1:${port}${path}`, HEADERS, [1, 3]);
}

/** The binary messages that arrive, until they are so many bytes. */
function messages(socket: WebSocket, bytes: number): Promise<string[]> {
  const texts: string[] = [];
  return new Promise((resolve) => {
    socket.on("message", (data) => {
      texts.push(String(data));
      if (texts.join("").length >= bytes) resolve(texts);
    });
  });
}

describe("SlicingRelay", () => {
  it("cuts messages anew in both directions", async () => {
    const { client, peer, authorization } = await connect();
    const [up, down] = [messages(peer, 8), messages(client, 5)];
    client.send(Buffer.from("  V2"));
    client.send(Buffer.from("NOP\n"));
    peer.send(Buffer.from("hello"));
    expect((await up).join("")).toBe("  V2NOP\n");
    expect((await up).slice(0, 2)).toEqual([" ", " V2"]);
    expect(await down).toEqual(["h", "ell", "o"]);
    expect(authorization).toBe(HEADERS.authorization);
    client.close();
  });

  it("passes on the server's close, after the bytes before it", async () => {
    const { client, peer } = await connect();
    const [down, close] = [messages(client, 3), once(client, "close")];
    peer.send(Buffer.from("bye"));
    peer.close(4000, "done");
    expect((await down).join("")).toBe("bye");
    const [code, reason] = await close;
    expect([code, String(reason)]).toEqual([4000, "done"]);
  });

  it("passes on the client's close, with a goodbye or without", async () => {
    const { client, peer } = await connect();
    client.close();
    expect((await once(peer, "close"))[0]).toBe(1005);
    await relay.stop();
    const cut = await connect();
    cut.client.terminate();
    expect((await once(cut.peer, "close"))[0]).toBe(1006);
  });

  it("passes on the query", async () => {
    await startRelay("/v2?a=1");
    const client = new WebSocket(`${relay.url}?topic=t%23ephemeral`);
    const [[, request]] = await Promise.all([once(server, "connection"), once(client, "open")]);
    expect(request.url).toBe("/v2?a=1&topic=t%23ephemeral");
    client.close();
  });

  it("passes on a refusal", async () => {
    await startRelay("/closed");
    const [error] = await once(new WebSocket(relay.url), "error");
    expect(error.message).toContain("401");
  });

  it("refuses when the server cannot be reached", async () => {
    relay = await SlicingRelay.start("ws://127.0.0.1:1", {}, [1]);
    const [error] = await once(new WebSocket(relay.url), "error");
    expect(error.message).toContain("502");
  });
});
