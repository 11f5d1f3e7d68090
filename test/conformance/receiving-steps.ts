// Steps that look at what a connection receives.

import { anyChange, type Connection } from "./connection.ts";
import type { Context, Outcome } from "./context.ts";
import { compareFrames, type Frame, messageId } from "./frame.ts";
import { keyOrder } from "./normaliser.ts";
import type { ClosedStep, RecvBytesStep, RecvStep, SilenceStep } from "./step.ts";

interface ReceivedFrame extends Frame {
  readonly connection: Connection;
}

export async function recv(context: Context, step: RecvStep): Promise<Outcome> {
  const connections = context.connections.list(step.on);
  const frames = await collect(connections, step, context.marks.deadline(step));
  const times = frames.map(({ time }) => time);
  const last = times.at(-1);
  if (step.unordered) frames.sort(compareFrames);
  const messages = frames.filter(({ type }) => type === "message");
  remember(context, step.ids ?? [], messages);
  const isShort = frames.length < step.recv;
  const problem = isShort ? shortage(connections, frames.length, step.recv) : context.marks.violation(step, times);
  return {
    seen: {
      frames: frames.map((frame) => context.normaliser.frame(frame)),
      ...(step.keys && { keys: frames.map(({ data }) => keyOrder(data)) }),
      ...(step.hexIds && { hexIds: messages.every(({ data }) => /^[0-9a-f]{16}$/.test(messageId(data))) }),
      ...(step.window && problem === null && { window: "kept" }),
    },
    problem,
    ...(last !== undefined && { time: last }),
  };
}

export async function recvBytes(context: Context, step: RecvBytesStep): Promise<Outcome> {
  const connection = context.connections.get(step.on);
  const deadline = context.marks.deadline(step);
  while (connection.buffered < step.recvBytes && performance.now() < deadline && !connection.isClosed) {
    await anyChange([connection], deadline);
  }
  const { data, time } = connection.takeBytes(step.recvBytes);
  let hex = data.toString("hex");
  for (const [from, to] of step.mask ?? []) hex = hex.slice(0, from * 2) + "..".repeat(to - from) + hex.slice(to * 2);
  const isShort = data.length < step.recvBytes;
  return { seen: { bytes: hex }, problem: isShort ? `${data.length} of ${step.recvBytes} bytes` : null, time };
}

export async function silence(context: Context, step: SilenceStep): Promise<Outcome> {
  const connections = context.connections.list(step.on);
  const frames = await framesUntil(connections, performance.now() + step.silence, step.heartbeats);
  const closed = connections.filter(({ isClosed }) => isClosed).map(({ name }) => name);
  if (frames.length === 0 && closed.length === 0) return { seen: { silence: true } };
  const problem = closed.length > 0 ? `connection ${closed.join()} closed during silence` : "frames during silence";
  return { seen: { frames: frames.map((frame) => context.normaliser.frame(frame)) }, problem };
}

export async function closed(context: Context, step: ClosedStep): Promise<Outcome> {
  const connection = context.connections.get(step.on);
  const frames = await framesUntil([connection], context.marks.deadline(step), step.heartbeats);
  connection.closeSeen = true;
  if (frames.length > 0) {
    return {
      seen: { frames: frames.map((frame) => context.normaliser.frame(frame)) },
      problem: "frames before the close",
    };
  }
  const { closedAt, problem } = connection;
  if (closedAt === null) return { seen: {}, problem: "connection not closed in time" };
  const violation = context.marks.violation(step, [closedAt]);
  const seen = { closed: true, ...(step.window && violation === null && { window: "kept" }) };
  return { seen, problem: problem ?? violation, time: closedAt };
}

/** The next frames of several connections, in the order of arrival as far as it can be told. */
async function collect(
  connections: readonly Connection[],
  { recv: wanted, heartbeats }: RecvStep,
  deadline: number,
): Promise<ReceivedFrame[]> {
  const got: ReceivedFrame[] = [];
  for (;;) {
    for (const connection of connections) {
      while (got.length < wanted) {
        const frame = connection.takeFrame(heartbeats);
        if (frame === null) break;
        got.push({ ...frame, connection });
      }
    }
    const isOver = performance.now() >= deadline || connections.every(({ isClosed }) => isClosed);
    if (got.length === wanted || isOver) return got;
    await anyChange(connections, deadline);
  }
}

/** Waits for the first frames or a close; empty when neither came before the deadline. */
async function framesUntil(
  connections: readonly Connection[],
  deadline: number,
  withHeartbeats?: boolean,
): Promise<Frame[]> {
  for (;;) {
    const frames = connections.flatMap((connection) => connection.takeFrames(withHeartbeats));
    const isOver = performance.now() >= deadline || connections.some(({ isClosed }) => isClosed);
    if (frames.length > 0 || isOver) return frames;
    await anyChange(connections, deadline);
  }
}

/** Keeps message ids for later steps, which may also ask for the connection that got a message. */
function remember({ scope, connections }: Context, names: readonly string[], messages: readonly ReceivedFrame[]): void {
  for (const [index, name] of names.entries()) {
    const message = messages[index];
    if (message === undefined) continue;
    scope.set(name, messageId(message.data));
    connections.setOwner(name, message.connection);
  }
}

function shortage(connections: readonly Connection[], got: number, wanted: number): string {
  const how = connections.every(({ isClosed }) => isClosed) ? "before the connection closed" : "in time";
  const problem = connections.find((connection) => connection.problem !== null)?.problem;
  return `${got} of ${wanted} frames ${how}${problem ? ` (${problem})` : ""}`;
}
