// PUB over WebSocket and TCP: one at a time, one command a frame, and many.

import { atLeast } from "../figure.ts";
import { storing } from "../floor.ts";
import type { CommandSpec, Endpoint } from "../load/task.ts";
import type { Bench, Contender, Scenario, Turn } from "../scenario.ts";
import { type Target, withTopic } from "../target.ts";

/** Bytes of a body. */
const SIZE = 200;

/** How commands are sent. */
interface Manner {
  readonly perWrite: number;
  /** Commands that may be unanswered. */
  readonly open: number;
}

export const PIPELINED: Manner = { perWrite: 100, open: 1_600 };
const ONE_A_FRAME: Manner = { perWrite: 1, open: 64 };
const ONE_AT_A_TIME: Manner = { perWrite: 1, open: 1 };
/** No more than this is left unanswered where each message is synced: it would take seconds to the last answer. */
const MAX_OPEN_SYNCED = 200;

export const publishSingle: Scenario = {
  name: "publish-single",
  async run(bench) {
    const scenario = "V2 publish one at a time, messages/s";
    const speed = await compare(bench, scenario, ONE_AT_A_TIME, {});
    const ours = speed("direct") as number;
    return [
      atLeast(scenario, "floor: a row a frame", ours, speed("floor")),
      atLeast(scenario, "nsqd", ours, speed("nsqd")),
      atLeast(scenario, "nsqd that syncs each message", ours, speed("durableNsqd")),
    ];
  },
};

export const publishOneAFrame: Scenario = {
  name: "publish-one-a-frame",
  async run(bench) {
    const scenario = "V2 publish, one command a frame, 64 unanswered, messages/s";
    const speed = await compare(bench, scenario, ONE_A_FRAME, {});
    const ours = speed("direct") as number;
    return [
      atLeast(scenario, "floor: a row a frame", ours, speed("floor"), 1.5),
      atLeast(scenario, "nsqd", ours, speed("nsqd")),
    ];
  },
};

export const publishPipelined: Scenario = {
  name: "publish-pipelined",
  async run(bench) {
    const { v2, tcp } = bench.servers;
    const scenario = "V2 publish pipelined, messages/s";
    const speed = await compare(bench, scenario, PIPELINED, { v2, tcp });
    const ours = speed("direct") as number;
    return [
      atLeast(scenario, "floor: a row a frame", ours, speed("floor"), 0.6),
      atLeast(scenario, "nsqd", ours, speed("nsqd"), 0.8),
      atLeast(scenario, "nsqd that syncs each message", ours, speed("durableNsqd"), 80),
      atLeast(`${scenario}, over /v2`, "the direct path", speed("v2") as number, ours, 0.6),
      atLeast(`${scenario}, over TCP`, "the direct path", speed("tcp") as number, ours, 0.6),
    ];
  },
};

function compare(bench: Bench, scenario: string, manner: Manner, others: Record<string, Target>) {
  const { direct, nsqd, durableNsqd, floor } = bench.servers;
  const publish = (endpoint: Endpoint, command: CommandSpec, server: number, turn: Turn) => {
    const open = server === durableNsqd?.pid ? Math.min(manner.open, MAX_OPEN_SYNCED) : manner.open;
    const producers = [{ endpoint, command, perWrite: manner.perWrite, open }];
    return turn.run({ kind: "publish", producers, extent: { seconds: turn.seconds }, server });
  };
  const to = (target: Target | null): Contender =>
    target &&
    ((turn) =>
      withTopic(target, [], (topic) =>
        publish(target.producer(topic), { kind: "pub", topic, size: SIZE }, target.pid, turn),
      ));
  const toFloor: Contender = (turn) =>
    publish(storing(floor, manner.perWrite), { kind: "message", size: SIZE }, floor.pid, turn);
  const contenders = { direct, nsqd, durableNsqd, ...others };
  return bench.compare<string>(scenario, {
    ...Object.fromEntries(Object.entries(contenders).map(([name, target]) => [name, to(target)])),
    floor: toFloor,
  });
}
