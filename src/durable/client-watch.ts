// Tells a channel's topic that consumers came, went or want another number of messages, once until the topic asks how things are: all
// else that changes in a channel begins with its topic, and shows in what is in flight or deferred.

import type { Consumer } from "../queue/consumer.ts";

export class ClientWatch {
  readonly #tell: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #isTold = false;
  #count = 0;
  #ready = 0;

  constructor(tell: () => Promise<void>, failed: (error: unknown) => void) {
    this.#tell = tell;
    this.#failed = failed;
  }

  /** Takes note of how things are. Returns whether they have changed. */
  look(consumers: Iterable<Consumer>): boolean {
    const [count, ready] = [this.#count, this.#ready];
    this.#count = 0;
    this.#ready = 0;
    for (const { rdy } of consumers) {
      this.#count++;
      this.#ready += rdy;
    }
    return count !== this.#count || ready !== this.#ready;
  }

  /** To be called after each event. Nobody waits for the topic; when it cannot be told, the next event tells it. */
  check(consumers: Iterable<Consumer>): void {
    if (this.#isTold || !this.look(consumers)) return;
    this.#isTold = true;
    this.#tell().catch((error: unknown) => {
      this.#isTold = false;
      this.#count = -1;
      this.#failed(error);
    });
  }

  /** The topic asks, and is told how things are now. */
  asked(consumers: Iterable<Consumer>): void {
    this.#isTold = false;
    this.look(consumers);
  }
}
