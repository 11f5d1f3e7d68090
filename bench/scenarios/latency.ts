// How long a message takes from its publisher to a consumer, at a steady and modest pace.

import { atMost, type Figure } from "../figure.ts";
import { passing } from "../floor.ts";
import type { Contender, Scenario } from "../scenario.ts";
import { type Target, withTopic } from "../target.ts";

/** Bytes of a body. */
const SIZE = 200;
const PER_SECOND = 100;
const CHANNEL = "ch";
const WANTED = { p50: 1.5, p99: 2 } as const;
const VALUES = ["p50", "p99"] as const;
/** Against nsqd with RDY 100, where its output buffer holds messages back. */
const WANTED_OF_NSQD = 0.1;

/** What RDY is, and whether it is what nsqd waits for. */
const READY = [1, 100];

export const latency: Scenario = {
  name: "latency",
  async run(bench) {
    const { direct, nsqd, floor } = bench.servers;
    const found: Figure[] = [];
    for (const rdy of READY) {
      const named = `latency at ${PER_SECOND} messages/s, RDY ${rdy}`;
      const through = (target: Target | null): Contender =>
        target &&
        ((turn) =>
          withTopic(target, [CHANNEL], (topic) =>
            turn.run({
              kind: "latency",
              producer: { endpoint: target.producer(topic), command: { kind: "pub", topic, size: SIZE } },
              consumer: { endpoint: target.consumer(topic, CHANNEL), rdy },
              perSecond: PER_SECOND,
              seconds: turn.latencySeconds,
              server: target.pid,
            }),
          ));
      const throughFloor: Contender = (turn) => {
        const { from, to } = passing(floor, 1, 1);
        const [endpoint] = to as [(typeof to)[0]];
        return turn.run({
          kind: "latency",
          producer: { endpoint: from, command: { kind: "message", size: SIZE } },
          consumer: { endpoint, rdy },
          perSecond: PER_SECOND,
          seconds: turn.latencySeconds,
          server: floor.pid,
        });
      };
      const of = await bench.compare(named, { ours: through(direct), floor: throughFloor, nsqd: through(nsqd) });
      for (const value of VALUES) {
        const scenario = `${named}: ${value}, ms`;
        const ours = of("ours", value) as number;
        const wantedOfNsqd = rdy > 1 && value === "p50" ? WANTED_OF_NSQD : null;
        found.push(
          atMost(scenario, "floor: INSERT, RPC, WebSocket", ours, of("floor", value), WANTED[value]),
          atMost(scenario, "nsqd", ours, of("nsqd", value), wantedOfNsqd),
        );
      }
    }
    return found;
  },
};
