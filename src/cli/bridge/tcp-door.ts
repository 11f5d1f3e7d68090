// The bridge's TCP side, which is an nsqd to consumers and producers, and an nsqlookupd to nsqds.

import { createServer, type Server } from "node:net";
import { Carried, type CarriedOptions } from "./carried.ts";

export class TcpDoor {
  readonly server: Server;
  readonly #open = new Set<Carried>();

  constructor(options: CarriedOptions) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const carried = new Carried(client, options);
      this.#open.add(carried);
      void carried.closed.then(() => this.#open.delete(carried));
    });
  }

  /** Resolves when all connections are closed. */
  async close(): Promise<void> {
    this.server.close();
    for (const carried of this.#open) carried.close();
    await Promise.all([...this.#open].map(({ closed }) => closed));
  }
}
