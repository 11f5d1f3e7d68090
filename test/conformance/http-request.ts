import http from "node:http";
import https from "node:https";

export interface HttpRequest {
  readonly method: string;
  /** Goes out exactly as written, after the base URL's own path. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
  /** Sends the body in chunks, its length unannounced. */
  readonly chunked?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

const TIMEOUT_MS = 20_000;
const CHUNK_SIZE = 65_536;
const LARGE_BODY = 1024 * 1024;
const EARLY_ANSWER_MS = 400;
const BODILESS_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * One request on a connection of its own. Not `fetch`, which would tidy up paths and follow redirects, and would lose
 * an answer that comes before the body has been sent.
 */
export function httpRequest(base: string, { method, path, headers, body, chunked }: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(base);
  const options = {
    method,
    path: url.pathname.replace(/\/$/, "") + path,
    headers: { ...headers, ...bodyHeader(method, body, chunked) },
    agent: false,
    timeout: TIMEOUT_MS,
  };
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const client = url.protocol === "https:" ? https : http;
    const request = client.request(url, options, (response) => {
      isAnswered = true;
      const parts: Buffer[] = [];
      const finish = (): void => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
        request.destroy();
      };
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", finish);
      response.on("error", finish);
    });
    request.on("timeout", () => request.destroy(new Error("HTTP timeout")));
    // After the answer an error only says that the rest of the body was not wanted.
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (!isAnswered) reject(new Error(`${method} ${path}: ${error.message || error.code}`));
    });
    if (body !== undefined && chunked) {
      for (let start = 0; start < body.length; start += CHUNK_SIZE)
        request.write(body.subarray(start, start + CHUNK_SIZE));
      request.end();
    } else if (body !== undefined && body.length > LARGE_BODY) {
      // A server may refuse by the length alone, and its answer could be lost while the body is still being sent.
      request.flushHeaders();
      setTimeout(() => isAnswered || request.end(body), EARLY_ANSWER_MS);
    } else {
      request.end(body);
    }
  });
}

function bodyHeader(method: string, body: Buffer | undefined, chunked = false): Record<string, string> {
  if (chunked) return { "Transfer-Encoding": "chunked" };
  if (body === undefined && BODILESS_METHODS.has(method)) return {};
  return { "Content-Length": String(body?.length ?? 0) };
}
