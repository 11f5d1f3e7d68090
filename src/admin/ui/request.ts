// Calls of the admin API.

import type { Answer } from "../api.ts";

const API = "/admin/api";
const SIGN_IN_AGAIN = "/admin/login#expired";

let isLeaving = false;

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

/** The path of an API route from its parts, which may be any names but dots: path("topics", "a#ephemeral"). @throws {Unreachable} */
export function path(...parts: string[]): string {
  // However it is written, a URL leaves such a part out, and names something else.
  const lost = parts.find((part) => part === "." || part === "..");
  if (lost !== undefined) throw new Unreachable(`what is called ${lost} has no address`);
  return `${API}/${parts.map(encodeURIComponent).join("/")}`;
}

/** @throws {ApiError | Unreachable} */
export async function getJson<T extends Answer>(url: string, signal?: AbortSignal): Promise<T> {
  const response = await call("GET", url, undefined, signal);
  return answered(response.json() as Promise<T>, signal);
}

/** The whole body of a message. @throws {ApiError | Unreachable} */
export async function getBytes(url: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await call("GET", url, undefined, signal);
  return new Uint8Array(await answered(response.arrayBuffer(), signal));
}

/** Orders something; an object goes as JSON, anything else as it is. @throws {ApiError | Unreachable} */
export async function send(method: "POST" | "DELETE", url: string, body?: object | string): Promise<Answer> {
  const text = typeof body === "object" ? JSON.stringify(body) : body;
  const response = await call(method, url, text);
  return answered(response.json() as Promise<Answer>);
}

async function call(method: string, url: string, body?: string, signal?: AbortSignal): Promise<Response> {
  const init = { method, ...(body !== undefined && { body }), ...(signal && { signal }) };
  const response = await answered(fetch(url, init), signal);
  if (response.ok) return response;
  if (response.status === 401) return leave();
  const answer = (await response.json().catch(() => null)) as Answer | null;
  if (response.status >= 500 && answer === null) throw new Unreachable(`the broker answered ${response.status}`);
  throw new ApiError(response.status, answer?.message ?? `HTTP ${response.status}`);
}

/** The session is over. Nobody is told: whoever waits for the answer waits until the page is left. */
function leave(): Promise<never> {
  if (!isLeaving) {
    location.assign(SIGN_IN_AGAIN);
    // Whoever goes back would find it as it was left: waiting.
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) location.reload();
    });
  }
  isLeaving = true;
  return new Promise(() => {});
}

/** What comes of a request, unless it breaks off, or somebody else answers it. */
async function answered<T>(answer: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Unreachable("the broker cannot be reached", { cause });
  }
}
