// A broker that lets in only whom it knows, for tests.

import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { AuthorizationData } from "../../src/identity/authorization.ts";
import worker from "../../src/index.ts";

export interface Bearer {
  readonly token: string;
  readonly authorizations: readonly AuthorizationData[];
  /** A time like 2027-01-31T00:00:00Z. */
  readonly expires?: string;
}

export const AUTH_SECRET = "a secret of forty letters, at the very least";

const BINDINGS = ["TOPIC", "CHANNEL", "LOOKUP"] as const;

/** The value of `auth-tokens` for some bearers by name. */
export async function authTokens(bearers: Readonly<Record<string, Bearer>>): Promise<string> {
  const entries = Object.entries(bearers).map(async ([identity, { token, authorizations, expires }]) => ({
    identity,
    sha256: await sha256(token),
    authorizations,
    ...(expires !== undefined && { expires }),
  }));
  return JSON.stringify(await Promise.all(entries));
}

export async function sha256(text: string): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class GuardedBroker {
  readonly #env: Env;
  /** How often an object was called, for whatever. */
  calls = 0;

  /** @param settings vars and bindings; nobody is let in without any */
  constructor(settings: Readonly<Record<string, unknown>> = {}) {
    const counted = Object.fromEntries(BINDINGS.map((name) => [name, this.#counted(env[name])]));
    this.#env = { ...env, open: "false", ...counted, ...settings } as unknown as Env;
  }

  async fetch(path: string, init: RequestInit & { readonly base?: string } = {}): Promise<Response> {
    const request = new Request(`${init.base ?? "http://broker"}${path}`, { redirect: "manual", ...init });
    return worker.fetch(request as Parameters<typeof worker.fetch>[0], this.#env, createExecutionContext());
  }

  /** The status that a call with a token is answered; null for none. */
  async status(method: string, path: string, token: string | null, body?: string): Promise<number> {
    const headers = token === null ? undefined : { Authorization: `Bearer ${token}` };
    const response = await this.fetch(path, {
      method,
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
    });
    await response.body?.cancel();
    return response.status;
  }

  /** The namespace of some objects; each call of one of them counts. */
  #counted<T extends object>(namespace: T): T {
    const counting = (stub: object): object =>
      new Proxy(stub, {
        get: (target, name) => {
          const value = Reflect.get(target, name) as unknown;
          if (typeof value !== "function") return value;
          return (...args: unknown[]) => {
            this.calls++;
            // A method of a stub is no plain function: `apply` would be taken for a method of what it answers.
            return Reflect.apply(value, target, args);
          };
        },
      });
    return new Proxy(namespace, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== "function") return value;
        const call = (...args: unknown[]) => Reflect.apply(value, target, args) as object;
        return name === "get" || name === "getByName" ? (...args: unknown[]) => counting(call(...args)) : call;
      },
    });
  }
}
