// A server that knows who has a secret, as NSQ's are (spec 9.3).

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";

export interface Known {
  /** s */
  readonly ttl: number;
  readonly identity: string;
  readonly authorizations: readonly { topic: string; channels: readonly string[]; permissions: readonly string[] }[];
}

export class NsqAuthServer {
  readonly #known: Readonly<Record<string, Known>>;
  #server: Server | null = null;
  #port = 0;
  /** The questions so far. */
  readonly asked: Record<string, string>[] = [];

  constructor(known: Readonly<Record<string, Known>>) {
    this.#known = known;
  }

  /** `host:port` */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Begins to answer, where it did before. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const known = this.#answer(request);
      response.writeHead(known ? 200 : 403, { "Content-Type": "application/json" });
      response.end(JSON.stringify(known ?? { message: "NOT_AUTHORIZED" }));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Is down: connections are refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  #answer({ url = "" }: IncomingMessage): Known | null {
    const { pathname, searchParams } = new URL(url, "http://auth");
    if (pathname !== "/auth") return null;
    this.asked.push(Object.fromEntries(searchParams));
    return this.#known[searchParams.get("secret") ?? ""] ?? null;
  }
}

/** A broker that asks an auth server, which has begun to answer. */
export async function startBehind(server: NsqAuthServer): Promise<BrokerProcess> {
  await server.start();
  return startBroker({ mayCallHere: true, options: { open: "false", "auth-http-address": server.address } });
}

/** Whose secrets the recorded sessions use (test/fixtures/auth): some of the answers are none that nsqd takes. */
export const RECORDED_SECRETS: Readonly<Record<string, Known>> = {
  s1: known("alice", 3600, ["^t", [".*"], "publish", "subscribe"]),
  s2: known("", 3600),
  s3: known("bob", 3600, ["t", ["^c$"], "publish", "subscribe"], ["u", ["c", ""], "subscribe"]),
  s4: known("x", 3600, ["(", [".*"], "publish"]),
  s5: known("x", 0, ["t", [".*"], "publish"]),
  s6: known("x", 3600, ["t", [".*"], "root"]),
};

function known(identity: string, ttl: number, ...entries: readonly [string, readonly string[], ...string[]][]): Known {
  const authorizations = entries.map(([topic, channels, ...permissions]) => ({ topic, channels, permissions }));
  return { ttl, identity, authorizations };
}
