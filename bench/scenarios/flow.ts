// Publishing and consuming at once: to one channel, to several, by a hundred topics, and with large bodies.

import { atLeast, type Figure } from "../figure.ts";
import { passing } from "../floor.ts";
import type { ConsumerSpec, Extent, Measured, ProducerSpec } from "../load/task.ts";
import type { Bench, Contender, Scenario, Turn } from "../scenario.ts";
import { createTopic, type Target } from "../target.ts";
import { PIPELINED } from "./publish.ts";

const RDY = 2_500;

export interface Shape {
  readonly topics: number;
  /** Of each topic. */
  readonly channels: number;
  /** Bytes of a body. */
  readonly size: number;
  readonly perWrite: number;
  /** Commands that may be unanswered. */
  readonly open: number;
}

export const ONE: Shape = { topics: 1, channels: 1, size: 200, ...PIPELINED };
const FAN_OUT = [1, 4, 16];
/** Of 16 channels, per message that is delivered. */
const FAN_OUT_WANTED = 0.8;

export const both: Scenario = {
  name: "both",
  run: (bench) => figures(bench, "publish and consume at once, messages/s", ONE),
};

export const topics: Scenario = {
  name: "topics",
  run: (bench) => figures(bench, "100 topics at once, messages/s", { ...ONE, topics: 100, perWrite: 50, open: 100 }),
};

export const large: Scenario = {
  name: "large",
  run: (bench) => figures(bench, "64 KiB bodies, messages/s", { ...ONE, size: 65_536, perWrite: 4, open: 64 }),
};

export const fanOut: Scenario = {
  name: "fan-out",
  async run(bench) {
    const { direct, nsqd } = bench.servers;
    const scenario = "fan-out, delivered messages/s";
    const contenders: Record<string, Contender> = {};
    for (const channels of FAN_OUT) {
      const shape = { ...ONE, channels };
      contenders[`ours ${channels}`] = through(direct, shape);
      contenders[`floor ${channels}`] = throughFloor(bench, shape);
      contenders[`nsqd ${channels}`] = through(nsqd, shape);
    }
    const speed = await bench.compare(scenario, contenders);
    const single = speed("ours 1");
    return FAN_OUT.flatMap((channels) => {
      const named = `fan-out to ${channels}, delivered messages/s`;
      const ours = speed(`ours ${channels}`) as number;
      return [
        ...(channels === 1
          ? []
          : [atLeast(named, "a single channel", ours, single, channels === 16 ? FAN_OUT_WANTED : null)]),
        atLeast(named, "floor: a row a frame, RPC, WebSocket", ours, speed(`floor ${channels}`)),
        atLeast(named, "nsqd", ours, speed(`nsqd ${channels}`)),
      ];
    });
  },
};

async function figures(bench: Bench, scenario: string, shape: Shape): Promise<Figure[]> {
  const { direct, nsqd } = bench.servers;
  const speed = await bench.compare(scenario, {
    ours: through(direct, shape),
    floor: throughFloor(bench, shape),
    nsqd: through(nsqd, shape),
  });
  const ours = speed("ours") as number;
  return [
    atLeast(scenario, "floor: a row a frame, RPC, WebSocket", ours, speed("floor")),
    atLeast(scenario, "nsqd", ours, speed("nsqd")),
  ];
}

/** Messages through a broker, to consumers that finish them; the topics are made once: what it costs to begin is not the question. */
function through(target: Target | null, shape: Shape): Contender {
  let names: readonly string[] | null = null;
  return (
    target &&
    (async (turn) => {
      names ??= await createTopics(target, shape);
      return flowThrough(target, names, shape, turn);
    })
  );
}

/** The same for topics that exist, with their channels. */
export function flowThrough(
  target: Target,
  names: readonly string[],
  shape: Shape,
  turn: Turn,
  extent: Extent = { seconds: turn.seconds },
): Promise<Measured> {
  const producers = names.map((topic) =>
    producer(target.producer(topic), { kind: "pub", topic, size: shape.size }, shape),
  );
  const consumers = names.flatMap((topic) =>
    channelsOf(shape).map((channel) => consumer(target.consumer(topic, channel))),
  );
  return turn.run({ kind: "flow", producers, consumers, copies: shape.channels, extent, server: target.pid });
}

function throughFloor(bench: Bench, shape: Shape): Contender {
  const { floor } = bench.servers;
  const pipes = Array.from({ length: shape.topics }, () => passing(floor, shape.perWrite, shape.channels));
  return (turn) => {
    const producers = pipes.map(({ from }) => producer(from, { kind: "message", size: shape.size }, shape));
    const consumers = pipes.flatMap(({ to }) => to.map(consumer));
    const extent = { seconds: turn.seconds };
    return turn.run({ kind: "flow", producers, consumers, copies: shape.channels, extent, server: floor.pid });
  };
}

function producer(
  endpoint: ProducerSpec["endpoint"],
  command: ProducerSpec["command"],
  { perWrite, open }: Shape,
): ProducerSpec {
  return { endpoint, command, perWrite, open };
}

function consumer(endpoint: ConsumerSpec["endpoint"]): ConsumerSpec {
  return { endpoint, rdy: RDY };
}

function channelsOf({ channels }: Shape): string[] {
  return Array.from({ length: channels }, (_, index) => `ch-${index}`);
}

function createTopics(target: Target, shape: Shape): Promise<string[]> {
  return Promise.all(Array.from({ length: shape.topics }, () => createTopic(target, channelsOf(shape))));
}
