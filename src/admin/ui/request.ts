// Calls of the admin API.

import type { Answer } from "../api.ts";

const API = "/admin/api";

/** What the API refused: its code, such as TOPIC_NOT_FOUND. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
  }
}

/** The broker did not answer, or not with what it should. */
export class Unreachable extends Error {}

/** The path of an API route from its parts, which may be any names: path("topics", "a#ephemeral"). */
export function path(...parts: string[]): string {
  return `${API}/${parts.map(encodeURIComponent).join("/")}`;
}

/** @throws {ApiError | Unreachable} */
export async function getJson<T extends Answer>(url: string, signal?: AbortSignal): Promise<T> {
  return (await call("GET", url, undefined, signal)).json() as Promise<T>;
}

/** The whole body of a message. @throws {ApiError | Unreachable} */
export async function getBytes(url: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await call("GET", url, undefined, signal)).arrayBuffer());
}

/** Orders something; an object goes as JSON, anything else as it is. @throws {ApiError | Unreachable} */
export async function send(method: "POST" | "DELETE", url: string, body?: object | string): Promise<Answer> {
  const text = typeof body === "object" ? JSON.stringify(body) : body;
  return (await call(method, url, text)).json() as Promise<Answer>;
}

async function call(method: string, url: string, body?: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { method, ...(body !== undefined && { body }), ...(signal && { signal }) });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Unreachable("the broker cannot be reached", { cause });
  }
  if (response.ok) return response;
  const answer = (await response.json().catch(() => null)) as Answer | null;
  if (response.status >= 500 && answer === null) throw new Unreachable(`the broker answered ${response.status}`);
  throw new ApiError(response.status, answer?.message ?? `HTTP ${response.status}`);
}
