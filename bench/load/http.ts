// HTTP requests on connections that are kept: one at a time on each, the same bytes again and again.

import net from "node:net";
import { Meter } from "./meter.ts";
import type { Measured, Of } from "./task.ts";

const END_OF_HEAD = "\r\n\r\n";
const STATUS_OK = "HTTP/1.1 200 ";

export async function http({ url, size, lines, connections, seconds, server }: Of<"http">): Promise<Measured> {
  const { hostname, port, pathname, search } = new URL(url);
  const body = Array(lines).fill("x".repeat(size)).join("\n");
  const head = [`POST ${pathname}${search} HTTP/1.1`, `Host: ${hostname}:${port}`, `Content-Length: ${body.length}`];
  const request = Buffer.from(head.join("\r\n") + END_OF_HEAD + body);
  const requesters = await Promise.all(
    Array.from({ length: connections }, () => Requester.open(hostname, Number(port), request)),
  );
  const meter = new Meter(server);
  const counts = await Promise.all(requesters.map((requester) => requester.run(() => meter.seconds < seconds)));
  const measured = meter.rate(counts.reduce((total, count) => total + count, 0));
  for (const requester of requesters) requester.close();
  return measured;
}

class Requester {
  readonly #socket: net.Socket;
  readonly #request: Buffer;

  static async open(host: string, port: number, request: Buffer): Promise<Requester> {
    const socket = net.connect({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Requester(socket, request);
  }

  private constructor(socket: net.Socket, request: Buffer) {
    this.#socket = socket;
    this.#request = request;
  }

  /** Returns how many requests were answered while `goesOn` held. */
  run(goesOn: () => boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      let count = 0;
      let response = "";
      this.#socket.on("data", (chunk) => {
        response += chunk.toString("latin1");
        const length = responseLength(response);
        if (length === null || response.length < length) return;
        if (!response.startsWith(STATUS_OK)) {
          reject(new Error(response));
          return;
        }
        count++;
        response = "";
        if (goesOn()) this.#socket.write(this.#request);
        else resolve(count);
      });
      this.#socket.on("close", () => reject(new Error("connection lost")));
      this.#socket.on("error", reject);
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.destroy();
  }
}

/** Null while its head is not complete. */
function responseLength(response: string): number | null {
  const head = response.indexOf(END_OF_HEAD);
  if (head < 0) return null;
  const [, length = "0"] = /content-length: (\d+)/i.exec(response) ?? [];
  return head + END_OF_HEAD.length + Number(length);
}
