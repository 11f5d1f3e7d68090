// The unfinished messages of a channel as they are saved, and back.

import type { Backlog } from "./backlog.ts";
import type { ChannelState, SavedFlight, SavedInFlight, SavedOwner } from "./channel-state.ts";
import { Consumer } from "./consumer.ts";
import type { Consumers } from "./consumers.ts";
import type { InFlight } from "./in-flight.ts";
import { type PublishRun, publishRuns } from "./publish-times.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";

export function savedMessages(
  inFlight: InFlight,
  backlog: Backlog,
  consumers: Consumers,
): Pick<ChannelState, "owners" | "flights" | "inFlight" | "waiting" | "deferred"> {
  const owners: SavedOwner[] = [];
  const indexes = new Map<Consumer, number>();
  const addOwner = (owner: Consumer) => {
    const index = owners.push({ id: owner.id, isConnected: consumers.has(owner) }) - 1;
    indexes.set(owner, index);
    return index;
  };
  const indexOf = (owner: Consumer) => indexes.get(owner) ?? addOwner(owner);
  const flights = inFlight.flights.map(({ ranges, owner, deliveredAt, at }) => {
    return { ranges, owner: indexOf(owner), deliveredAt, at };
  });
  const saved: SavedInFlight[] = [];
  for (const message of inFlight.messages) saved.push({ ...message, owner: indexOf(message.owner as Consumer) });
  return { owners, flights, inFlight: saved, waiting: [...backlog.waiting], deferred: [...backlog.deferred] };
}

export function restoreMessages(state: ChannelState, inFlight: InFlight, backlog: Backlog, consumers: Consumers): void {
  const owners = state.owners.map(({ id, isConnected }) => consumers.get(id) ?? (isConnected ? null : ghost(id)));
  const lost: Unfinished[] = [];
  const published = (state.latency?.published ?? []).flatMap(({ count, at }) => Array<number>(count).fill(at));
  for (const [index, saved] of [...state.flights.flatMap(messagesOf), ...state.inFlight].entries()) {
    const owner = owners[saved.owner] ?? null;
    const message = { ...unfinished(saved.seq, saved.takenAt), ...saved, owner, publishedAt: published[index] ?? 0 };
    if (owner === null) {
      lost.push(message);
    } else {
      inFlight.add(message);
      owner.inFlight++;
    }
  }
  for (const saved of state.waiting) backlog.requeue({ ...unfinished(saved.seq, saved.takenAt), ...saved });
  for (const message of lost.sort((a, b) => a.seq - b.seq)) backlog.requeue(message);
  for (const saved of state.deferred) backlog.defer({ ...unfinished(saved.seq, saved.takenAt), ...saved }, saved.at);
}

/** When what is in flight was published, in the order in which it is saved. */
export function publishRunsOf(inFlight: InFlight): PublishRun[] {
  const instants: number[] = [];
  for (const flight of inFlight.flights) for (const seq of flight) instants.push(flight.publishedAt(seq));
  for (const { publishedAt } of inFlight.messages) instants.push(publishedAt);
  return publishRuns(instants);
}

/** The messages of a flight, each on its own. */
function messagesOf({ ranges, owner, deliveredAt, at }: SavedFlight): SavedInFlight[] {
  const shared = { attempts: 1, takenAt: deliveredAt, heldDue: null, owner, deliveredAt, at };
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => ({ ...shared, seq: from + i })));
}

/** Stands for a consumer that left before the state was saved: its messages wait for their deadlines, nobody else's. */
function ghost(id: string): Consumer {
  return new Consumer(id, { msgTimeoutMs: 0, sampleRate: 0, outputBufferTimeoutMs: 0 });
}
