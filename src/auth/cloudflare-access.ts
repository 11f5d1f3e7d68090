// Cloudflare Access in front of the admin pages: it signs who has signed in there
// (developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json).

import type { JWTVerifyGetKey } from "jose";
import type { Permission } from "../identity/authorization.ts";
import { everything } from "../identity/identity.ts";
import { idsOf, remoteKeys, verified } from "./signed-token.ts";
import { MAX_NAME, type Verdict } from "./source.ts";

interface CloudflareAccessOptions {
  readonly authAccessTeam: string;
  readonly authAccessAudience: string;
  /** Who may do more than look; when it is empty, everybody. */
  readonly adminUser: readonly string[];
  readonly httpClientRequestTimeout: number;
  /** ms */
  readonly authClockSkew: number;
}

const ADMIN: readonly Permission[] = ["admin", "publish"];
const READER: readonly Permission[] = ["read"];

export class CloudflareAccess {
  readonly #options: CloudflareAccessOptions;
  readonly #issuer: string;
  readonly #keys: JWTVerifyGetKey | null;

  /** @throws {Error} when an option is wrong */
  constructor(options: CloudflareAccessOptions) {
    const { authAccessTeam, authAccessAudience } = options;
    this.#options = options;
    this.#issuer = authAccessTeam.replace(/\/$/, "");
    this.#keys =
      authAccessTeam === "" ? null : remoteKeys("auth-access-team", `${this.#issuer}/cdn-cgi/access/certs`, options);
    if (this.#keys !== null && authAccessAudience === "") {
      throw new Error("--auth-access-audience is empty; it must be the audience tag of the application");
    }
  }

  get isConfigured(): boolean {
    return this.#keys !== null;
  }

  async authenticate(token: string, now: number): Promise<Verdict> {
    if (this.#keys === null) return "unknown";
    const { authAccessAudience: audience, authClockSkew, adminUser } = this.#options;
    const claims = { audience, issuer: this.#issuer, clockTolerance: authClockSkew / 1000, now };
    const payload = await verified(token, this.#keys, ["RS256"], claims);
    if (typeof payload === "string") return payload;
    const { email, common_name } = payload; // the latter of a program
    const name = String(email ?? common_name ?? "").slice(0, MAX_NAME);
    if (name === "") return "unknown";
    const permissions = adminUser.length === 0 || adminUser.includes(name) ? ADMIN : READER;
    const endsAt = payload.exp * 1000;
    return {
      name,
      url: "",
      origin: "",
      ids: idsOf(payload),
      authorizations: [[everything(permissions)]],
      checkedUntil: endsAt,
      endsAt,
    };
  }
}
