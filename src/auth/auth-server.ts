// NSQ's protocol for servers that know who has a secret (spec 9.3, nsq internal/auth/authorizations.go).

import { parseAuthorizations } from "../identity/authorization.ts";
import type { Identity } from "../identity/identity.ts";
import { fromUtf8 } from "../protocol/bytes.ts";
import { readUpTo } from "../read-up-to.ts";
import { MAX_NAME, type Peer, type Verdict } from "./source.ts";

interface AuthServerOptions {
  readonly authHttpAddress: readonly string[];
  readonly authHttpRequestMethod: string;
  /** ms */
  readonly httpClientRequestTimeout: number;
}

/** Bytes of an answer. */
const MAX_ANSWER = 2 ** 18;
/** That nobody has a secret. */
const REFUSED = Symbol();
const ACCEPT = "application/vnd.nsq; version=1.0";
const OK = 200;
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;

export class AuthServer {
  readonly #options: AuthServerOptions;

  /** @throws {Error} when an address is none */
  constructor(options: AuthServerOptions) {
    for (const address of options.authHttpAddress) {
      if (URL.canParse(endpoint(address))) continue;
      throw new Error(`--auth-http-address is ${JSON.stringify(address)}; it must be host:port or a URL`);
    }
    this.#options = options;
  }

  get isConfigured(): boolean {
    return this.#options.authHttpAddress.length > 0;
  }

  /** Asks one server after the other, from any on, until one answers as it should. */
  async authenticate(secret: string, { remoteIp, isTls }: Peer, now: number): Promise<Verdict> {
    const { authHttpAddress } = this.#options;
    // The names, and their order, are those in which Go's url.Values are encoded.
    const question = { common_name: "", remote_ip: remoteIp, secret, tls: String(isTls) };
    const first = Math.floor(Math.random() * authHttpAddress.length);
    let failure: "unknown" | "unavailable" = "unavailable";
    for (const address of [...authHttpAddress.slice(first), ...authHttpAddress.slice(0, first)]) {
      const answer = await this.#ask(endpoint(address), question);
      if (answer === REFUSED) {
        failure = "unknown";
        continue;
      }
      const identity = identityIn(answer, now);
      if (identity !== null) return identity;
      console.error(`auth server ${new URL(endpoint(address)).host} did not answer as it should`);
    }
    return failure;
  }

  /** The answer as JSON, undefined when there is none; or that nobody has this secret. */
  async #ask(url: string, question: Record<string, string>): Promise<unknown> {
    try {
      const response = await this.#send(url, question);
      const answer = await jsonOf(response);
      const encrypted = response.status === FORBIDDEN ? encryptedUrl(url, answer) : null;
      if (encrypted === null) return outcome(response.status, answer);
      const second = await this.#send(encrypted, question);
      return outcome(second.status, await jsonOf(second));
    } catch {
      return undefined; // the cause may quote the URL, and with it the secret
    }
  }

  #send(url: string, question: Record<string, string>): Promise<Response> {
    const signal = AbortSignal.timeout(this.#options.httpClientRequestTimeout);
    return this.#options.authHttpRequestMethod === "post"
      ? fetch(url, { method: "POST", signal, redirect: "manual", headers: POST_HEADERS, body: formData(question) })
      : fetch(`${url}?${new URLSearchParams(question)}`, { signal, redirect: "manual", headers: GET_HEADERS });
  }
}

const GET_HEADERS = { Accept: ACCEPT };
const POST_HEADERS = { Accept: ACCEPT, "Content-Type": "application/json" };

/** Go's url.Values as JSON: every value is a list. */
function formData(question: Record<string, string>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(question).map(([name, value]) => [name, [value]])));
}

function endpoint(address: string): string {
  return address.includes("://") ? address : `http://${address}/auth`;
}

/** Where a server that takes only https says it does (nsq internal/http_api/api_request.go). */
function encryptedUrl(from: string, answer: unknown): string | null {
  const port = (answer as { https_port?: unknown } | null)?.https_port;
  const url = new URL(from);
  if (url.protocol !== "http:" || typeof port !== "number") return null;
  url.protocol = "https:";
  url.port = String(port);
  return url.href;
}

/** nsqd takes every other status for a failure; that nobody has a secret is said with these, if not with an empty list. */
function outcome(status: number, answer: unknown): unknown {
  if (status === UNAUTHORIZED || status === FORBIDDEN) return REFUSED;
  return status === OK ? answer : undefined;
}

async function jsonOf(response: Response): Promise<unknown> {
  const body = await readUpTo(MAX_ANSWER, response.body);
  if (body === null) return undefined;
  try {
    return JSON.parse(fromUtf8(body));
  } catch {
    return undefined; // no answer
  }
}

/** Null when the answer is not valid: then another server is asked. */
function identityIn(answer: unknown, now: number): Identity | null {
  if (typeof answer !== "object" || answer === null) return null;
  const { ttl, identity = "", identity_url = "", authorizations = [] } = answer as Record<string, unknown>;
  if (typeof ttl !== "number" || !Number.isSafeInteger(ttl) || ttl <= 0) return null;
  if (typeof identity !== "string" || typeof identity_url !== "string") return null;
  const list = parseAuthorizations(authorizations ?? [], "anywhere");
  if (list === null) return null;
  return {
    name: identity.slice(0, MAX_NAME),
    url: identity_url.slice(0, MAX_NAME),
    origin: "",
    ids: [],
    authorizations: [list],
    checkedUntil: now + ttl * 1000,
    endsAt: Number.POSITIVE_INFINITY,
  };
}
