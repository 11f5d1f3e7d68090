// Where a workerd process spends its time: the profiler of V8, asked over the inspector (Chrome DevTools protocol).

import { once } from "node:events";
import WebSocket from "ws";

/** How often it looks, microseconds. */
const INTERVAL_US = 200;

/** A function, or what the engine does besides, and its share of the time without what it called. */
export interface Spent {
  readonly where: string;
  readonly share: number;
}

/** What is used of the answer to `Profiler.stop`. */
export interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Runs `act`. @param port of the inspector */
export async function profileDuring<T>(port: number, act: () => Promise<T>): Promise<{ result: T; spent: Spent[] }> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as [{ webSocketDebuggerUrl: string }];
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await once(socket, "open");
  const call = caller(socket);
  await call("Profiler.enable");
  await call("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  await call("Profiler.start");
  const result = await act();
  const { profile } = (await call("Profiler.stop")) as { profile: CpuProfile };
  socket.close();
  return { result, spent: spentIn(profile) };
}

/** By share, the largest first. */
export function spentIn({ nodes, samples, timeDeltas }: CpuProfile): Spent[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const where = names.get(id) ?? "?";
    const time = timeDeltas[index] ?? 0;
    times.set(where, (times.get(where) ?? 0) + time);
    total += time;
  });
  return [...times].map(([where, time]) => ({ where, share: time / total })).sort((a, b) => b.share - a.share);
}

function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][0]["callFrame"]): string {
  const name = functionName || "(anonymous)";
  return url === "" ? name : `${name}, line ${lineNumber + 1}`;
}

/** Calls methods of the protocol over a socket. */
function caller(socket: WebSocket): (method: string, params?: object) => Promise<unknown> {
  let lastId = 0;
  const waiting = new Map<number, (result: unknown) => void>();
  socket.on("message", (data) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown };
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  return (method, params = {}) =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve);
      socket.send(JSON.stringify({ id: lastId, method, params }));
    });
}
