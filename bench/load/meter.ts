// How long something took, and what CPU time it cost this process and the server.

import { cpuSeconds } from "../cpu.ts";
import type { Measured } from "./task.ts";

export class Meter {
  readonly #startedAt = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #server: number;
  readonly #serverCpu: number;

  /** @param server its process */
  constructor(server: number) {
    this.#server = server;
    this.#serverCpu = cpuSeconds(server);
  }

  /** s since the start */
  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }

  measured(values: Record<string, number>): Measured {
    const { seconds } = this;
    const { user, system } = process.cpuUsage(this.#cpu);
    const serverShare = (cpuSeconds(this.#server) - this.#serverCpu) / seconds;
    return { values, load: (user + system) / 1e6 / seconds, serverShare };
  }

  /** So many of something in the time that has passed. */
  rate(count: number): Measured {
    return this.measured({ value: count / this.seconds });
  }
}
