// A producer elsewhere on a TCP connection: its bytes pass on to Lookup, and the replies to it.

import type { V1Introduction } from "../durable/introduction.ts";
import { END_OF_INPUT } from "../session/link-control.ts";
import type { ClientEnd, OnTaken } from "./client-end.ts";
import { ObjectLink } from "./object-link.ts";

export class V1Link {
  readonly #client: ClientEnd;
  readonly #link: ObjectLink;

  constructor(
    lookup: Pick<Fetcher, "fetch">,
    introduction: V1Introduction,
    createEnd: (onTaken: OnTaken) => ClientEnd,
  ) {
    this.#client = createEnd(() => {});
    this.#link = new ObjectLink(lookup, introduction, {
      data: (bytes) => this.#client.send(bytes, bytes.length),
      closed: () => this.#client.close(),
    });
  }

  receive(bytes: Uint8Array): void {
    this.#link.add(bytes, 0, bytes.length);
    this.#link.flush();
  }

  async endOfInput(): Promise<void> {
    this.#link.addControl(END_OF_INPUT);
    this.#link.flush();
  }

  /** Lookup reads as fast as anybody can register. */
  async hasRoom(): Promise<void> {}

  close(): void {
    this.#link.close();
    this.#client.close();
  }
}
