// Many deferred messages that fall due together.

import { atLeast } from "../figure.ts";
import type { Contender, Scenario } from "../scenario.ts";
import { createTopic, type Target } from "../target.ts";

/** Bytes of a body. */
const SIZE = 200;
const RDY = 2_500;
const CHANNEL = "ch";
const MESSAGES = 100_000;
/** How long publishing them may take, ms. */
const DELAY_MS = 4_000;

export const deferred: Scenario = {
  name: "deferred",
  async run(bench) {
    const { direct, nsqd } = bench.servers;
    const scenario = "100,000 deferred messages falling due, messages/s";
    const through = (target: Target | null): Contender => {
      // One topic for all turns: nsqd takes up to five seconds to look after a channel that is new to it.
      let topic: string | null = null;
      return (
        target &&
        (async (turn) => {
          topic ??= await createTopic(target, [CHANNEL]);
          return turn.run({
            kind: "deferred",
            producer: target.producer(topic),
            topic,
            consumer: { endpoint: target.consumer(topic, CHANNEL), rdy: RDY },
            size: SIZE,
            messages: turn.count(MESSAGES),
            delayMs: turn.count(DELAY_MS),
            server: target.pid,
          });
        })
      );
    };
    const speed = await bench.compare(scenario, { ours: through(direct), nsqd: through(nsqd) });
    return [atLeast(scenario, "nsqd", speed("ours") as number, speed("nsqd"))];
  },
};
