// Looks at messages of a topic or of one of its channels, a page at a time: a channel tells of those that it has taken, the topic of
// those in its log.

import {
  type ChannelLook,
  type Content,
  contentOf,
  type LookedAt,
  type LookPlace,
  type MessageList,
} from "../queue/look.ts";
import type { TopicLog } from "../queue/topic-log.ts";

export interface LookOrder {
  readonly list: MessageList;
  /** Null for the first page. */
  readonly place: LookPlace | null;
  readonly limit: number;
  readonly search: string;
}

/** Whose a message in flight is. */
export interface Owner {
  readonly client_id: string;
  readonly hostname: string;
  readonly remote_address: string;
}

/** What a channel's object tells. */
export interface ChannelLookReport extends ChannelLook {
  /** By connection. */
  readonly owners: Readonly<Record<string, Owner>>;
}

export interface SeenMessage extends Omit<LookedAt, "place" | "owner" | "frame">, Content {
  readonly owner: Owner | null;
}

/** A page, and where the next one begins; null when it is the last. */
export interface MessagePage {
  readonly messages: SeenMessage[];
  readonly next: LookPlace | null;
}

/** So much of the log is read for a page, bytes: a batch at least. */
const MAX_LOG = 2 * 2 ** 20;

const UNTOUCHED = { attempts: 0, deliveredAt: null, deadline: null, owner: null } as const;

/** A stretch of the log, less what a channel took of it before its turn. */
interface Stretch {
  readonly from: number;
  readonly end: number;
  readonly ahead: readonly number[];
}

export function lookAtTopic(log: TopicLog, order: LookOrder, now: number): MessagePage {
  const isLatest = order.list === "latest";
  const begin = isLatest ? Math.max(log.start, log.end - order.limit) : log.fanout;
  const from = Math.max(order.place?.seq ?? begin, isLatest ? log.start : log.fanout);
  const page = lookAtLog(log, { from, end: log.end, ahead: [] }, order, now);
  // Whoever looks at the latest goes on from there with those to come.
  return isLatest && page.next === null ? { ...page, next: { section: "log", order: 0, seq: log.end } } : page;
}

export function lookAtChannel(
  log: TopicLog,
  fanout: number,
  report: ChannelLookReport,
  order: LookOrder,
  now: number,
): MessagePage {
  const { list, place, limit } = order;
  const own = lookAtOwn(log, report, order.search);
  if (own.next !== null || list === "in_flight" || list === "latest") return own;
  const from = Math.max(report.cursor, place?.section === "log" ? place.seq : 0);
  const rest = { ...order, limit: limit - report.messages.length };
  const { messages, next } = lookAtLog(log, { from, end: fanout, ahead: report.ahead }, rest, now);
  return { messages: [...own.messages, ...messages], next };
}

function lookAtLog(log: TopicLog, stretch: Stretch, { list, limit, search }: LookOrder, now: number): MessagePage {
  const { from, end } = stretch;
  const ahead = new Set(stretch.ahead);
  const isDeferred = list === "deferred";
  const wants = (seq: number, due: number) => list === "latest" || (due > now === isDeferred && !ahead.has(seq));
  const { records, next } = log.look({ from, end, limit, maxBytes: MAX_LOG, isDeferred, wants });
  const messages = records.map(({ seq, due, frame }) => {
    return { seq, ...UNTOUCHED, due: due === 0 ? null : due, ...contentOf(frame, search) };
  });
  return { messages, next: next === null ? null : { section: "log", order: 0, seq: next } };
}

/** The channel's own messages, as many as may be read for; those that left the log meanwhile are left out. */
function lookAtOwn(log: TopicLog, { messages, next, owners }: ChannelLookReport, search: string): MessagePage {
  const inLog = messages.filter(({ frame }) => frame === null).map(({ seq }) => seq);
  const records = new Map(log.records(inLog, MAX_LOG).map((record, index) => [inLog[index] as number, record]));
  const seen: SeenMessage[] = [];
  let last: LookPlace | null = null;
  for (const { place, owner, frame, ...looked } of messages) {
    if (frame === null && !records.has(looked.seq)) return { messages: seen, next: last };
    last = place;
    const content = frame ?? records.get(looked.seq)?.frame;
    if (!content) continue;
    seen.push({ ...looked, ...contentOf(content, search), owner: owner === null ? null : (owners[owner] ?? null) });
  }
  return { messages: seen, next };
}
