// A client that became a consumer: its bytes pass on to the channel's object, and the object's to it.

import type { SocketIntroduction } from "../durable/introduction.ts";
import { fromByteString } from "../protocol/bytes.ts";
import { END_OF_INPUT, takenControl } from "../session/link-control.ts";
import { NopFilter } from "./nop-filter.ts";
import { type LinkEvents, ObjectLink } from "./object-link.ts";

/** The channel is told of so many bytes at a time that its client has taken; it lets more than that be on the way. */
const TOLD_BYTES = 2 ** 20;

export class ConsumerLink {
  readonly #link: ObjectLink;
  readonly #filter = new NopFilter();
  #taken = 0;

  constructor(
    object: Pick<Fetcher, "fetch">,
    introduction: SocketIntroduction,
    topic: string,
    channel: string,
    events: LinkEvents,
  ) {
    this.#link = new ObjectLink(object, introduction, events);
    const sub = fromByteString(`SUB ${topic} ${channel}\n`);
    this.#link.add(sub, 0, sub.length);
    this.#link.flush();
  }

  /** Passes on what the client sent. */
  receive(bytes: Uint8Array): void {
    this.#filter.filter(bytes, (buffer, start, end) => this.#link.add(buffer, start, end));
    this.#link.flush();
  }

  /** The client sends nothing more. */
  endOfInput(): void {
    const rest = this.#filter.rest;
    this.#link.add(rest, 0, rest.length);
    this.#link.addControl(END_OF_INPUT);
    this.#link.flush();
  }

  /** The client took so many bytes of what the channel sent. */
  taken(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken < TOLD_BYTES) return;
    this.#link.addControl(takenControl(this.#taken));
    this.#link.flush();
    this.#taken = 0;
  }

  close(): void {
    this.#link.close();
  }
}
