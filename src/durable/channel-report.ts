// What the object of a channel tells of itself: its counts and clients for /stats, and its messages for who looks inside.

import { type ChannelCounts, untouched } from "../queue/channel-counts.ts";
import type { ChannelLife } from "../queue/channel-life.ts";
import type { ChannelQueue } from "../queue/channel-queue.ts";
import type { SketchBins } from "../queue/latency-sketch.ts";
import { clientStats } from "../session/client-stats.ts";
import type { Session } from "../session/session.ts";
import type { ChannelLookReport, LookOrder } from "./topic-look.ts";
import type { ClientReport } from "./topic-stats.ts";
import type { UsageCounts } from "./usage.ts";

export interface ChannelReport {
  readonly counts: ChannelCounts;
  /** The next seq that it has not taken. */
  readonly cursor: number;
  /** Its consumers. */
  readonly clients: ClientReport[];
  /** Whoever has published over a connection to it. */
  readonly producers: ClientReport[];
  /** How long messages took that were finished lately; null when that is not measured. */
  readonly latency: SketchBins | null;
  /** When what it says changes though nobody does anything, ms; Infinity for never. */
  readonly changesAt: number;
  readonly usage: UsageCounts;
}

/** The queue is null as long as the channel has had nothing to do; `fanout` is how far the topic has fanned out. */
export function reportOnChannel(
  queue: ChannelQueue | null,
  sessions: readonly Session[],
  life: ChannelLife,
  fanout: number,
  now: number,
  usage: UsageCounts,
): ChannelReport {
  const report = (session: Session) => ({ id: session.connection.id, stats: clientStats(session) });
  return {
    counts: queue?.counts(fanout, now) ?? untouched(life.start, fanout),
    cursor: queue?.cursor ?? life.start,
    clients: sessions.filter(({ isConsumer }) => isConsumer).map(report),
    producers: sessions.filter(({ pubCounts }) => pubCounts.size > 0).map(report),
    latency: queue?.latency(now) ?? null,
    changesAt: queue?.changesAt(now) ?? Number.POSITIVE_INFINITY,
    usage,
  };
}

/** A page of the messages that the channel has taken, or holds. */
export function lookIntoChannel(
  queue: ChannelQueue | null,
  sessions: readonly Session[],
  life: ChannelLife,
  fanout: number,
  { list, place, limit }: LookOrder,
  now: number,
): ChannelLookReport {
  if (queue === null) return { messages: [], next: null, cursor: life.start, ahead: [], owners: {} };
  // What comes from the log stands behind all that the channel has.
  const isBehind = place?.section === "log";
  const { next, ...found } = queue.look(list, place, isBehind ? 0 : limit, fanout, now);
  const owners = new Set(found.messages.map(({ owner }) => owner));
  const shown = sessions.filter(({ connection }) => owners.has(connection.id));
  const told = shown.map((session) => [session.connection.id, clientStats(session)] as const);
  return { ...found, next: isBehind ? null : next, owners: Object.fromEntries(told) };
}
