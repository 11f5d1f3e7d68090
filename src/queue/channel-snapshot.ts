// The unfinished messages of a channel as they are saved, and back.

import type { Backlog } from "./backlog.ts";
import type { ChannelState, SavedInFlight, SavedOwner } from "./channel-state.ts";
import { Consumer } from "./consumer.ts";
import type { Consumers } from "./consumers.ts";
import type { InFlight } from "./in-flight.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";

export function savedMessages(
  inFlight: InFlight,
  backlog: Backlog,
  consumers: Consumers,
): Pick<ChannelState, "owners" | "inFlight" | "waiting" | "deferred"> {
  const owners: SavedOwner[] = [];
  const indexes = new Map<Consumer | null, number>();
  const indexOf = (owner: Consumer) => {
    const index = owners.push({ id: owner.id, isConnected: consumers.has(owner) }) - 1;
    indexes.set(owner, index);
    return index;
  };
  const saved: SavedInFlight[] = [];
  for (const message of inFlight) {
    const owner = message.owner as Consumer;
    saved.push({ ...message, owner: indexes.get(owner) ?? indexOf(owner) });
  }
  return { owners, inFlight: saved, waiting: [...backlog.waiting], deferred: [...backlog.deferred] };
}

export function restoreMessages(state: ChannelState, inFlight: InFlight, backlog: Backlog, consumers: Consumers): void {
  const owners = state.owners.map(({ id, isConnected }) => consumers.get(id) ?? (isConnected ? null : ghost(id)));
  const lost: Unfinished[] = [];
  for (const saved of state.inFlight) {
    const owner = owners[saved.owner] ?? null;
    const message = { ...unfinished(saved.seq, saved.takenAt), ...saved, owner };
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

/** Stands for a consumer that left before the state was saved: its messages wait for their deadlines, nobody else's. */
function ghost(id: string): Consumer {
  return new Consumer(id, { msgTimeoutMs: 0, sampleRate: 0 });
}
