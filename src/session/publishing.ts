// What a connection publishes: the command that is under way, and how much it has published to which topic.

import type { BodyLimits } from "../protocol/command-decoder.ts";
import type { ClientError } from "../protocol/errors.ts";
import { MpubCheck } from "../protocol/mpub-body.ts";
import type { Access } from "./access.ts";

/** Counts are kept for so many topics; hardly any connection publishes to more. */
const MAX_COUNTS = 64;

export class Publishing {
  /** Messages published by topic: whoever has published is a producer in /stats. */
  readonly counts = new Map<string, number>();
  deferMs = 0;
  /** For MPUB. */
  check: MpubCheck;
  readonly #access: Access;
  /** A valid name; null before the first publish. */
  #topic: string | null = null;
  /** Whether the client was found to have the permission for it. */
  #isAllowed = false;

  constructor(limits: BodyLimits, access: Access) {
    this.check = new MpubCheck(limits);
    this.#access = access;
  }

  get topic(): string | null {
    return this.#topic;
  }

  set topic(topic: string) {
    this.#topic = topic;
    this.#isAllowed = false;
  }

  /** Who the client is may have changed. */
  checkAgain(): void {
    this.#isAllowed = false;
  }

  /** What must be answered to a client that may not publish to the topic it has named; it is looked up once for all that follow. */
  refusal(command: "PUB" | "DPUB" | "MPUB"): ClientError | null {
    if (this.#isAllowed || this.#topic === null) return null;
    const refusal = this.#access.refusal(command, this.#topic, "");
    this.#isAllowed = refusal === null;
    return refusal;
  }

  count(topic: string, messages: number): void {
    const before = this.counts.get(topic);
    if (before !== undefined || this.counts.size < MAX_COUNTS) this.counts.set(topic, (before ?? 0) + messages);
  }
}
