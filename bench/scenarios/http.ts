// POST /pub and /mpub.

import { atLeast, type Figure } from "../figure.ts";
import type { Bench, Contender, Scenario } from "../scenario.ts";
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
      const speed = await compare(bench, scenario, "/pub", 1, connections);
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
    const speed = await compare(bench, scenario, "/mpub", BATCH, JUDGED);
    const ours = speed("ours") as number;
    return [
      atLeast(scenario, "floor: RPC and INSERT", ours, speed("insert")),
      atLeast(scenario, "nsqd", ours, speed("nsqd")),
    ];
  },
};

function compare(bench: Bench, scenario: string, path: string, lines: number, connections: number) {
  const { servers } = bench;
  const request =
    (url: string, server: number): NonNullable<Contender> =>
    (turn) =>
      turn.run({ kind: "http", url, size: SIZE, lines, connections, seconds: turn.seconds, server });
  const publish = (target: Target | null): Contender =>
    target &&
    ((turn) => withTopic(target, [], (topic) => request(`${target.http}${path}?topic=${topic}`, target.pid)(turn)));
  return bench.compare(scenario, {
    ours: publish(servers.direct),
    insert: request(`${servers.floor.http}/insert?name=${connections}`, servers.floor.pid),
    nothing: request(`${servers.floor.http}/nothing?name=nothing`, servers.floor.pid),
    nsqd: publish(servers.nsqd),
  });
}
