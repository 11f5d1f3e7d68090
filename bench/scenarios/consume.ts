// Consuming what waits, with FIN for each message.

import { atLeast, type Figure } from "../figure.ts";
import { sending } from "../floor.ts";
import type { Bench, Contender, Scenario } from "../scenario.ts";
import { type Target, withTopic } from "../target.ts";

/** Bytes of a body. */
const SIZE = 200;
const RDY = 2_500;
const CHANNEL = "ch";
const MESSAGES = 600_000;
/** How what is to be consumed is published: how fast does not matter here. */
const FILLING = { batch: 500, perWrite: 1, open: 16 };

export const consumeByOne: Scenario = {
  name: "consume",
  async run(bench) {
    const { v2, tcp } = bench.servers;
    const scenario = "consume with FIN, RDY 2500, one consumer, messages/s";
    const speed = await compare(bench, scenario, 1, { v2, tcp });
    const ours = speed("direct") as number;
    return [
      ...against(scenario, ours, speed("floor"), speed("nsqd")),
      atLeast(`${scenario}, over /v2`, "the direct path", speed("v2") as number, ours, 0.6),
      atLeast(`${scenario}, over TCP`, "the direct path", speed("tcp") as number, ours, 0.6),
    ];
  },
};

export const consumeByFour: Scenario = {
  name: "consume-four",
  async run(bench) {
    const scenario = "consume with FIN, RDY 2500, four consumers, messages/s";
    const speed = await compare(bench, scenario, 4, {});
    return against(scenario, speed("direct") as number, speed("floor"), speed("nsqd"));
  },
};

function against(scenario: string, ours: number, floor: number | null, nsqd: number | null): Figure[] {
  return [
    atLeast(scenario, "floor: the same frames both ways", ours, floor, 0.5),
    atLeast(scenario, "nsqd", ours, nsqd, 0.7),
  ];
}

function compare(bench: Bench, scenario: string, count: number, others: Record<string, Target>) {
  const { direct, nsqd, floor } = bench.servers;
  const from = (target: Target | null): Contender =>
    target &&
    ((turn) =>
      withTopic(target, [CHANNEL], async (topic) => {
        const messages = turn.count(MESSAGES);
        const { batch, ...manner } = FILLING;
        const command = { kind: "mpub", topic, size: SIZE, count: batch } as const;
        const producers = [{ endpoint: target.producer(topic), command, ...manner }];
        await turn.run({ kind: "publish", producers, extent: { messages }, server: target.pid });
        const consumers = Array(count).fill({ endpoint: target.consumer(topic, CHANNEL), rdy: RDY });
        return turn.run({ kind: "consume", consumers, messages, server: target.pid });
      }));
  const fromFloor: Contender = (turn) => {
    const consumers = Array(count).fill({ endpoint: sending(floor), rdy: RDY });
    return turn.run({ kind: "consume", consumers, messages: turn.count(MESSAGES), server: floor.pid });
  };
  const contenders = { direct, nsqd, ...others };
  return bench.compare<string>(scenario, {
    ...Object.fromEntries(Object.entries(contenders).map(([name, target]) => [name, from(target)])),
    floor: fromFloor,
  });
}
