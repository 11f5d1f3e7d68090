// The queue of a channel as it was before a sleep or a crash: from what was saved, and from what the connections know.

import type { ChannelLimits } from "../queue/channel-limits.ts";
import { ChannelQueue } from "../queue/channel-queue.ts";
import { type ChannelState, decodeChannelState, idleState } from "../queue/channel-state.ts";
import type { ChannelStore } from "../queue/channel-store.ts";
import { Consumer } from "../queue/consumer.ts";
import type { Sockets } from "./sockets.ts";

type Slept = ReturnType<Sockets["restore"]>;

/** @throws {Error} when it is damaged */
export function savedState(store: ChannelStore): ChannelState | null {
  const bytes = store.load();
  return bytes && decodeChannelState(bytes);
}

/** With the consumers that are still connected; null when there was none. @throws {Error} when what was saved is damaged */
export function restoredQueue(slept: Slept, store: ChannelStore, limits: ChannelLimits): ChannelQueue | null {
  const consumers = slept.flatMap(({ socket, attachment: { consumer, channel } }) => {
    if (consumer === null || channel === null) return [];
    const { session } = socket;
    const restored = new Consumer(session.connection.id, session.settings);
    restored.restore(consumer);
    return [{ socket, consumer: restored, channel }];
  });
  // Of an ephemeral channel nothing is saved: the connection that was told last knows best.
  const idle = consumers.map(({ channel }) => channel).sort((a, b) => b.cursor - a.cursor)[0];
  const state = savedState(store) ?? (idle ? idleState(idle) : null);
  if (state === null) return null;
  const connected = consumers.map(({ consumer }) => consumer);
  const queue = ChannelQueue.restore(state, connected, store, limits, Math.random);
  for (const { socket, consumer } of consumers) {
    socket.session.attach(queue, consumer);
    socket.measure();
  }
  return queue;
}
