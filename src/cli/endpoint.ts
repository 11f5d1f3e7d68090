// The broker, or a plain nsqd, that a command speaks to: its flags, and its HTTP API.

import { type Command, Option } from "commander";
import { hostPort, origin, positiveDuration } from "./args.ts";
import { causeCode, Failure, textOf } from "./failure.ts";

export const DEFAULT_URL = "http://127.0.0.1:4151";

/** How long an answer may take, ms. */
const PATIENCE_MS = 30_000;

export interface EndpointFlags {
  readonly url: string;
  readonly token: string;
}

/** `--url` and `--token`, which every command has. */
export function withEndpoint(command: Command): Command {
  return command.addOption(urlOption()).addOption(tokenOption());
}

/** Its default is the environment's, and then no choice: other addresses may be given beside it. */
export function urlOption(): Option {
  const { NSQ_EDGE_URL: given } = process.env;
  const description = "the broker; NSQ_EDGE_URL in the environment is the same";
  return new Option("--url <url>", description).default(given || DEFAULT_URL).argParser(origin);
}

export function tokenOption(): Option {
  return new Option("--token <token>", "what shows the broker who calls").env("NSQ_EDGE_TOKEN").default("", "none");
}

/** For commands that speak HTTP, and so to a plain nsqd, too. */
export function withHttpEndpoint(command: Command): Command {
  return withEndpoint(command)
    .addOption(
      new Option("--nsqd-http-address <host:port>", "a plain nsqd in place of the broker")
        .argParser(hostPort)
        .conflicts("url"),
    )
    .addOption(
      new Option("--http-client-request-timeout <duration>", "for an answer")
        .argParser(positiveDuration)
        .default(PATIENCE_MS, "30s"),
    );
}

/** The broker's, which may be the environment's and so not yet looked at. @throws {Failure} */
export function originOf(url: string): string {
  try {
    return origin(url);
  } catch (error) {
    throw new Failure("usage", `NSQ_EDGE_URL is ${JSON.stringify(url)}. ${textOf(error)}`);
  }
}

export interface HttpEndpointFlags extends EndpointFlags {
  readonly nsqdHttpAddress?: string;
  readonly httpClientRequestTimeout: number;
}

export function apiOf({ url, token, nsqdHttpAddress, httpClientRequestTimeout }: HttpEndpointFlags): HttpApi {
  const origin = nsqdHttpAddress === undefined ? originOf(url) : `http://${nsqdHttpAddress}`;
  return new HttpApi(origin, token, httpClientRequestTimeout);
}

/** The header that says who calls. */
export function authorization(token: string): { Authorization?: string } {
  return token === "" ? {} : { Authorization: `Bearer ${token}` };
}

/** nsqd's HTTP API (spec 3), as a broker and a plain nsqd have it. */
export class HttpApi {
  readonly origin: string;
  readonly #token: string;
  readonly #timeoutMs: number;

  constructor(origin: string, token: string, timeoutMs: number = PATIENCE_MS) {
    this.origin = origin;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  get(path: string, params: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return this.#call("GET", path, params);
  }

  post(path: string, params: Readonly<Record<string, string>>, body: string | Uint8Array = ""): Promise<unknown> {
    return this.#call("POST", path, params, body);
  }

  /** Resolves with what was answered: JSON, or text. @throws {Failure} */
  async #call(
    method: string,
    path: string,
    params: Readonly<Record<string, string>>,
    body?: string | Uint8Array,
  ): Promise<unknown> {
    const url = new URL(path, this.origin);
    url.search = new URLSearchParams(params).toString();
    const response = await fetch(url, {
      method,
      headers: authorization(this.#token),
      ...(body !== undefined && { body: body as BodyInit }),
      redirect: "error",
      signal: AbortSignal.timeout(this.#timeoutMs),
    }).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    const text = await response.text().catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    if (response.ok) return answerOf(text, response.headers.get("Content-Type"));
    throw this.#refusal(response.status, codeOf(text), params);
  }

  #unreachable(error: unknown): Failure {
    const why = causeCode(error) || textOf(error);
    return new Failure("unreachable", `${this.origin} cannot be reached: ${why}`, { cause: error });
  }

  #refusal(status: number, code: string, { topic, channel }: Readonly<Record<string, string>>): Failure {
    const at = this.origin;
    if (status === 401) return new Failure("refused", `${at} wants a token that it knows (--token)`);
    if (status === 403) {
      const reason = code.startsWith("This broker is closed") ? "is closed: nobody has said who may use it" : null;
      return new Failure("refused", `${at} ${reason ?? "does not allow that to whoever has this token"}`);
    }
    if (code === "TOPIC_NOT_FOUND") return new Failure("notFound", `there is no topic ${topic}`);
    if (code === "CHANNEL_NOT_FOUND") return new Failure("notFound", `topic ${topic} has no channel ${channel}`);
    return new Failure("failed", `${at} answered ${status}: ${code}`);
  }
}

function answerOf(text: string, contentType: string | null): unknown {
  return contentType?.startsWith("application/json") ? (JSON.parse(text) as unknown) : text;
}

/** nsqd's code for what is wrong, or whatever else was answered, cut short. */
function codeOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // it is no JSON
  }
  return text.trim().replace(/\s+/g, " ").slice(0, 200);
}
