// POST /pub and /mpub.

import { atLeast, type Figure } from "../figure.ts";
import type { Bench, Contender, Scenario, Turn } from "../scenario.ts";
import { type Target, withTopic } from "../target.ts";

/** Bytes of a body. */
const SIZE = 200;
const CONNECTIONS = [1, 32, 64];
/** Those for which a ratio is asked. */
const JUDGED = 32;
const WANTED = { insert: 1.3, nothing: 0.8 };
const BATCH = 100;

export const pub: Scenario = {
  name: "pub",
  async run(bench) {
    const figures: Figure[] = [];
    for (const connections of CONNECTIONS) {
      const scenario = `/pub, ${connections} ${connections === 1 ? "connection" : "connections"}, requests/s`;
      const nothing = requests(
        `${bench.servers.floor.http}/nothing?name=nothing`,
        bench.servers.floor.pid,
        1,
        connections,
      );
      const speed = await compare(bench, scenario, "/pub", 1, connections, { nothing });
      const ours = speed("ours") as number;
      const wanted = connections === JUDGED ? WANTED : { insert: null, nothing: null };
      figures.push(
        atLeast(scenario, "floor: RPC and INSERT", ours, speed("insert"), wanted.insert),
        atLeast(scenario, "floor: RPC that does nothing", ours, speed("nothing"), wanted.nothing),
        atLeast(scenario, "nsqd", ours, speed("nsqd")),
      );
    }
    return figures;
  },
};

export const mpub: Scenario = {
  name: "mpub",
  async run(bench) {
    const scenario = `/mpub of ${BATCH}, ${JUDGED} connections, requests/s`;
    const speed = await compare(bench, scenario, "/mpub", BATCH, JUDGED, {});
    const ours = speed("ours") as number;
    return [
      atLeast(scenario, "floor: RPC and INSERT", ours, speed("insert")),
      atLeast(scenario, "nsqd", ours, speed("nsqd")),
    ];
  },
};

function compare(
  bench: Bench,
  scenario: string,
  path: string,
  lines: number,
  connections: number,
  others: Record<string, Contender>,
) {
  const { direct, nsqd, floor } = bench.servers;
  const publish = (target: Target | null): Contender =>
    target &&
    ((turn) =>
      withTopic(target, [], (topic) =>
        requests(`${target.http}${path}?topic=${topic}`, target.pid, lines, connections)(turn),
      ));
  return bench.compare<string>(scenario, {
    ours: publish(direct),
    insert: requests(`${floor.http}/insert?name=${connections}`, floor.pid, lines, connections),
    nsqd: publish(nsqd),
    ...others,
  });
}

function requests(url: string, server: number, lines: number, connections: number) {
  return (turn: Turn) => turn.run({ kind: "http", url, size: SIZE, lines, connections, seconds: turn.seconds, server });
}
