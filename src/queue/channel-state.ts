// What a channel saves: everything that is not in its topic's log, in few bytes, since it is written every second.

import type { TakenAhead } from "./ahead.ts";
import type { ChannelLife } from "./channel-life.ts";
import { type HeldKey, NOTHING_DUE } from "./channel-store.ts";
import type { SeqRange } from "./dropped-ranges.ts";
import { readLatency, type SavedLatency, writeLatency } from "./saved-latency.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

export interface ChannelState {
  readonly life: ChannelLife;
  /** The next seq that was never delivered. */
  readonly cursor: number;
  readonly isPaused: boolean;
  readonly requeueCount: number;
  readonly timeoutCount: number;
  /** Held messages up to here were taken out of the held store's order: they are in the lists below, or finished. */
  readonly heldMark: HeldKey;
  /** Taken before their turn: behind the cursor, and yet in the lists below or finished. */
  readonly ahead: readonly TakenAhead[];
  /** Connections that own messages in flight. */
  readonly owners: readonly SavedOwner[];
  readonly flights: readonly SavedFlight[];
  /** Those in flight that are in none of the flights. */
  readonly inFlight: readonly SavedInFlight[];
  /** In the order of their turns. */
  readonly waiting: readonly SavedMessage[];
  readonly deferred: readonly SavedDeferred[];
  /** Null when it is not measured how long messages take. */
  readonly latency: SavedLatency | null;
}

export interface SavedOwner {
  readonly id: string;
  /** Whether it was connected when the state was saved. */
  readonly isConnected: boolean;
}

/** Messages that were delivered for the first time, together. */
export interface SavedFlight {
  /** Those that are still in flight, in the order of the log. */
  readonly ranges: readonly SeqRange[];
  /** Index into `owners`. */
  readonly owner: number;
  readonly deliveredAt: number;
  readonly at: number;
}

export interface SavedMessage {
  readonly seq: number;
  readonly attempts: number;
  readonly takenAt: number;
  readonly heldDue: number | null;
}

export interface SavedInFlight extends SavedMessage {
  /** Index into `owners`. */
  readonly owner: number;
  readonly deliveredAt: number;
  readonly at: number;
}

export interface SavedDeferred extends SavedMessage {
  readonly at: number;
}

/** What is known of a channel all of whose messages before `cursor` are finished. */
export type IdleState = Pick<ChannelState, "life" | "cursor" | "requeueCount" | "timeoutCount">;

export function idleState(idle: IdleState): ChannelState {
  const nothing = { owners: [], flights: [], inFlight: [], waiting: [], deferred: [] };
  return { ...idle, isPaused: false, heldMark: NOTHING_DUE, ahead: [], latency: null, ...nothing };
}

/** `now` is when it is saved, ms: instants are written as the distance from it. */
export function encodeChannelState(state: ChannelState, now: number): Uint8Array {
  const out = new VarintWriter();
  out.unsigned(now);
  out.unsigned(state.life.id);
  out.unsigned(state.life.start);
  out.unsigned(state.cursor - state.life.start);
  out.unsigned(state.isPaused ? 1 : 0);
  out.unsigned(state.requeueCount);
  out.unsigned(state.timeoutCount);
  out.unsigned(state.heldMark.due);
  out.unsigned(state.heldMark.seq);
  list(out, state.owners, (owner) => {
    out.text(owner.id);
    out.unsigned(owner.isConnected ? 1 : 0);
  });
  const message = messageWriter(out, state.cursor, now);
  list(out, state.inFlight, (entry) => {
    message(entry);
    out.unsigned(entry.owner);
    out.signed(entry.deliveredAt - now);
    out.signed(entry.at - now);
  });
  list(out, state.waiting, message);
  list(out, state.deferred, (entry) => {
    message(entry);
    out.signed(entry.at - now);
  });
  const ranges = rangesWriter(out, state.cursor);
  list(out, state.flights, (flight) => {
    ranges(flight.ranges);
    out.unsigned(flight.owner);
    out.signed(flight.deliveredAt - now);
    out.signed(flight.at - now);
  });
  let previous = state.cursor;
  list(out, state.ahead, ({ seq, due }) => {
    out.signed(seq - previous);
    out.unsigned(due);
    previous = seq;
  });
  list(out, state.latency === null ? [] : [state.latency], (latency) => writeLatency(out, latency, now));
  return out.finish();
}

/** @throws {Error} when the state is damaged */
export function decodeChannelState(bytes: Uint8Array): ChannelState {
  const input = new VarintReader(bytes);
  const now = input.unsigned();
  const life = { id: input.unsigned(), start: input.unsigned() };
  const cursor = life.start + input.unsigned();
  const isPaused = input.unsigned() === 1;
  const requeueCount = input.unsigned();
  const timeoutCount = input.unsigned();
  const heldMark = { due: input.unsigned(), seq: input.unsigned() };
  const owners = readList(input, () => ({ id: input.text(), isConnected: input.unsigned() === 1 }));
  const message = messageReader(input, cursor, now);
  const inFlight = readList(input, () => ({
    ...message(),
    owner: input.unsigned(),
    deliveredAt: now + input.signed(),
    at: now + input.signed(),
  }));
  const waiting = readList(input, message);
  const deferred = readList(input, () => ({ ...message(), at: now + input.signed() }));
  const ranges = rangesReader(input, cursor);
  const flights = readList(input, () => ({
    ranges: ranges(),
    owner: input.unsigned(),
    deliveredAt: now + input.signed(),
    at: now + input.signed(),
  }));
  let previous = cursor;
  const ahead = readList(input, () => {
    previous += input.signed();
    return { seq: previous, due: input.unsigned() };
  });
  const [latency = null] = readList(input, () => readLatency(input, now));
  const messages = { owners, flights, inFlight, waiting, deferred };
  return { life, cursor, isPaused, requeueCount, timeoutCount, heldMark, ahead, latency, ...messages };
}

/** Each seq is written as the distance from the one before: neighbours are near. */
function messageWriter(out: VarintWriter, cursor: number, now: number): (message: SavedMessage) => void {
  let previous = cursor;
  return ({ seq, attempts, takenAt, heldDue }) => {
    out.signed(seq - previous);
    previous = seq;
    out.unsigned(attempts);
    out.signed(takenAt - now);
    out.unsigned(heldDue === null ? 0 : heldDue + 1);
  };
}

function messageReader(input: VarintReader, cursor: number, now: number): () => SavedMessage {
  let previous = cursor;
  return () => {
    const seq = previous + input.signed();
    previous = seq;
    const attempts = input.unsigned();
    const takenAt = now + input.signed();
    const held = input.unsigned();
    return { seq, attempts, takenAt, heldDue: held === 0 ? null : held - 1 };
  };
}

function rangesWriter(out: VarintWriter, cursor: number): (ranges: readonly SeqRange[]) => void {
  let previous = cursor;
  return (ranges) =>
    list(out, ranges, ({ from, to }) => {
      out.signed(from - previous);
      out.unsigned(to - from);
      previous = to;
    });
}

function rangesReader(input: VarintReader, cursor: number): () => SeqRange[] {
  let previous = cursor;
  return () =>
    readList(input, () => {
      const from = previous + input.signed();
      const to = from + input.unsigned();
      previous = to;
      return { from, to };
    });
}

function list<T>(out: VarintWriter, items: readonly T[], write: (item: T) => void): void {
  out.unsigned(items.length);
  for (const item of items) write(item);
}

function readList<T>(input: VarintReader, read: () => T): T[] {
  return Array.from({ length: input.unsigned() }, read);
}
