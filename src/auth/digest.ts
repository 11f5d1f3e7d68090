// The SHA-256 sum of a secret: what is compared and kept of it, so that the secret itself is nowhere.

import { base64url } from "jose";
import { utf8 } from "../protocol/bytes.ts";

export class Digest {
  readonly #sum: Uint8Array;

  private constructor(sum: Uint8Array) {
    this.#sum = sum;
  }

  static async of(secret: string): Promise<Digest> {
    return new Digest(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(secret))));
  }

  /** In constant time. */
  equals(sum: Uint8Array): boolean {
    return crypto.subtle.timingSafeEqual(this.#sum, sum);
  }

  get text(): string {
    return base64url.encode(this.#sum);
  }
}
