// Whether a topic is as fast after a million messages as it was at first.

import { atLeast } from "../figure.ts";
import type { Scenario, Turn } from "../scenario.ts";
import { withTopic } from "../target.ts";
import { flowThrough, ONE } from "./flow.ts";

const MESSAGES = 1_000_000;
const WANTED = 0.95;

export const longRun: Scenario = {
  name: "long-run",
  async run(bench) {
    const { direct } = bench.servers;
    const scenario = "a topic after 1,000,000 messages, published and consumed, messages/s";
    const channels = ["ch-0"];
    const speed = await withTopic(direct, channels, async (old) => {
      let isOld = false;
      return bench.compare(scenario, {
        old: async (turn: Turn) => {
          if (!isOld)
            await flowThrough(direct, [old], ONE, turn, { messages: bench.isQuick ? MESSAGES / 10 : MESSAGES });
          isOld = true;
          return flowThrough(direct, [old], ONE, turn);
        },
        fresh: (turn: Turn) => withTopic(direct, channels, (fresh) => flowThrough(direct, [fresh], ONE, turn)),
      });
    });
    return [atLeast(scenario, "a fresh topic", speed("old") as number, speed("fresh"), WANTED)];
  },
};
