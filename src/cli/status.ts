// How many were done and how long they took, each so many (`--status-every`, as nsq_to_http and nsq_to_nsq log it).

import { say } from "./terminal.ts";

export class Status {
  readonly #every: number;
  readonly #name: string;
  /** ms */
  #times: number[] = [];

  /** @param every 0 for never */
  constructor(every: number, name: string) {
    this.#every = every;
    this.#name = name;
  }

  done(tookMs: number): void {
    if (this.#every === 0) return;
    this.#times.push(tookMs);
    if (this.#times.length < this.#every) return;
    const times = this.#times.sort((a, b) => a - b);
    this.#times = [];
    const average = times.reduce((sum, time) => sum + time, 0) / times.length;
    const at = (quantile: number) => times[Math.min(times.length - 1, Math.floor(times.length * quantile))] as number;
    const [p99, p95] = [at(0.99), at(0.95)].map((time) => time.toFixed(1));
    say(`${this.#name}: ${times.length} done, ${average.toFixed(1)} ms on average, p99 ${p99} ms, p95 ${p95} ms`);
  }
}
