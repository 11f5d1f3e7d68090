// The links of one client to the topics that it publishes to.

import type { ProducerLink } from "./producer-link.ts";

/** Links that a client may have without publishing to them. */
const MAX_LINKS = 64;

export class ProducerLinks {
  readonly #open: (topic: string) => ProducerLink;
  readonly #links = new Map<string, ProducerLink>();

  constructor(open: (topic: string) => ProducerLink) {
    this.#open = open;
  }

  /** The link to a topic; it is opened for the first publish. */
  to(topic: string): ProducerLink {
    const known = this.#links.get(topic);
    if (known) return known;
    if (this.#links.size >= MAX_LINKS) this.#closeIdle();
    const link = this.#open(topic);
    this.#links.set(topic, link);
    return link;
  }

  /** The link to a topic is gone. */
  lost(topic: string): void {
    this.#links.delete(topic);
  }

  flush(): void {
    for (const link of this.#links.values()) link.flush();
  }

  /** Bytes that were published and not answered. */
  get outstanding(): number {
    let bytes = 0;
    for (const link of this.#links.values()) bytes += link.outstanding;
    return bytes;
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
  }

  /** A client that publishes to one topic after the other does not keep a link to each: the oldest that is not in use goes. */
  #closeIdle(): void {
    for (const [topic, link] of this.#links) {
      if (!link.isIdle) continue;
      link.close();
      this.#links.delete(topic);
      return;
    }
  }
}
