// The bridge's HTTP side: an nsqd's API, or an nsqlookupd's. Calls go to the broker with the token, and bodies pass both ways as they
// come; only what tells where the broker is is read whole, and tells of the bridge.

import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { json as readJson } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { authorization } from "../endpoint.ts";
import { textOf } from "../failure.ts";
import type { Broker } from "./broker.ts";
import { calledHost, isForeign } from "./callers.ts";
import { type Headers, requestHeaders, responseHeaders } from "./headers.ts";
import { type Advertised, isNode, ownNodeOf, withOwnNode } from "./own-node.ts";
import { WATCH_MS } from "./watch.ts";

const SILENCE_MS = 2 * WATCH_MS;
/** Where the broker has nsqlookupd's API whole. */
const LOOKUPD = "/lookupd";
/** What tells where the broker is, with or without that before it. */
const TELLS_OWN_NODE = /^(?:\/lookupd)?\/(?:lookup|nodes|debug)$/;
const TOMBSTONE = /^(?:\/lookupd)?\/topic\/tombstone$/;

export interface HttpDoorOptions {
  readonly broker: Broker;
  readonly api: "nsqd" | "nsqlookupd";
  /** Names, besides addresses and localhost, by which it may be called. */
  readonly names: readonly string[];
  /** Where the bridge is for somebody who called it at `host`. */
  advertised(host: string): Advertised;
  /** Says what went wrong. */
  trouble(text: string): void;
}

export class HttpDoor {
  readonly server: http.Server;
  readonly #options: HttpDoorOptions;
  readonly #prefix: string;
  readonly #request: typeof http.request;
  readonly #agent: http.Agent;

  constructor(options: HttpDoorOptions) {
    const { request, Agent } = options.broker.origin.startsWith("https:") ? https : http;
    this.#options = options;
    this.#prefix = options.api === "nsqlookupd" ? LOOKUPD : "";
    this.#request = request;
    this.#agent = new Agent({ keepAlive: true });
    this.server = http.createServer((call, response) => {
      this.#answer(call, response).catch((error: unknown) => {
        const [path] = (call.url ?? "").split("?"); // names in a query are nobody's business
        options.trouble(`${call.method} ${path}: ${textOf(error)}`);
        if (response.headersSent) response.destroy();
        else refuse(response, 502, "BAD_GATEWAY");
      });
    });
  }

  /** Resolves when what was asked before is answered. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    await closed;
    this.#agent.destroy();
  }

  async #answer(call: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = call;
    const host = calledHost(headers, this.#options.names);
    if (host === null || isForeign(headers)) return refuse(response, 403, "FORBIDDEN");
    if (!url.startsWith("/")) return refuse(response, 400, "INVALID_REQUEST");
    const address = this.#options.advertised(host);
    const sent = { ...toList(authorization(this.#options.broker.token)), ...requestHeaders(call) };
    const path = this.#prefix + url;
    const [pathname = ""] = path.split("?");
    if (method === "POST" && TOMBSTONE.test(pathname)) {
      await this.#carry(call, response, await this.#tombstoned(path, address, sent), sent, null);
    } else if (method === "GET" && TELLS_OWN_NODE.test(pathname)) {
      await this.#carry(call, response, path, { ...sent, "accept-encoding": ["identity"] }, address);
    } else {
      await this.#carry(call, response, path, sent, null);
    }
  }

  /** @param address in the broker's place in what is answered; null to leave that as it is */
  async #carry(
    call: IncomingMessage,
    response: ServerResponse,
    path: string,
    headers: Headers,
    address: Advertised | null,
  ): Promise<void> {
    const { method } = call;
    const upstream = this.#request(this.#options.broker.origin, { method, path, headers, agent: this.#agent });
    // A connection that is gone though nobody closed it: nobody waits for it longer than for a silent WebSocket.
    upstream.setTimeout(SILENCE_MS, () => upstream.destroy(new Error("the broker is silent")));
    let hasGone = false;
    response.once("close", () => {
      hasGone = !upstream.destroyed;
      upstream.destroy(); // who has gone asks for nothing
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once("response", resolve);
      // Also while a body that was refused is still being sent: then the answer is here already.
      upstream.on("error", reject);
    });
    call.pipe(upstream);
    try {
      await this.#passOn(await answered, response, address);
    } catch (error) {
      if (!hasGone) throw error;
    }
  }

  async #passOn(answer: IncomingMessage, response: ServerResponse, address: Advertised | null): Promise<void> {
    const { statusCode = 502, statusMessage = "" } = answer;
    const told = responseHeaders(answer);
    if (this.#prefix !== "" && told.location) told.location = told.location.map(withoutPrefix);
    if (address !== null && statusCode === 200) {
      const body = Buffer.from(JSON.stringify(withOwnNode(await readJson(answer), address)));
      response.writeHead(statusCode, statusMessage, { ...told, "content-length": body.length }).end(body);
    } else {
      response.writeHead(statusCode, statusMessage, told);
      await pipeline(answer, response);
    }
  }

  /** Who knows the broker by the bridge's address names that: the broker is to hear its own, which it tells in a look-up. */
  async #tombstoned(path: string, address: Advertised, headers: Headers): Promise<string> {
    const [pathname = "", ...query] = path.split("?");
    const params = new URLSearchParams(query.join("?"));
    if (!isNode(params.get("node") ?? "", address)) return path;
    const topic = new URLSearchParams({ topic: params.get("topic") ?? "" });
    const found = await fetch(`${this.#options.broker.origin}/lookup?${topic}`, {
      headers: { Authorization: headers.authorization?.[0] ?? "" },
      redirect: "error",
      signal: AbortSignal.timeout(SILENCE_MS),
    });
    const own = found.ok ? ownNodeOf(await found.json()) : null;
    if (own === null) return path;
    params.set("node", own);
    return `${pathname}?${params}`;
  }
}

function withoutPrefix(location: string): string {
  return location.startsWith(`${LOOKUPD}/`) ? location.slice(LOOKUPD.length) : location;
}

function toList({ Authorization }: { Authorization?: string }): Headers {
  return Authorization === undefined ? {} : { authorization: [Authorization] };
}

/** In the form of NSQ's errors. */
function refuse(response: ServerResponse, status: number, code: string): void {
  const body = JSON.stringify({ message: code });
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" }).end(body);
}
