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

export function lookAtTopic(log: TopicLog, { list, place, limit, search }: LookOrder, now: number): MessagePage {
  const isLatest = list === "latest";
  const from = place?.seq ?? (isLatest ? Math.max(log.start, log.end - limit) : log.fanout);
  const page = lookAtLog(
    log,
    list,
    Math.max(from, isLatest ? log.start : log.fanout),
    log.end,
    new Set(),
    limit,
    search,
    now,
  );
  // Whoever looks at the latest goes on from there with those to come.
  return isLatest && page.next === null ? { ...page, next: { section: "log", order: 0, seq: log.end } } : page;
}

export function lookAtChannel(
  log: TopicLog,
  fanout: number,
  report: ChannelLookReport,
  { list, place, limit, search }: LookOrder,
  now: number,
): MessagePage {
  const own = lookAtOwn(log, report, search);
  const next = own.next ?? report.next;
  if (next !== null || list === "in_flight" || list === "latest") return { messages: own.messages, next };
  const from = Math.max(report.cursor, place?.section === "log" ? place.seq : 0);
  const ahead = new Set(report.ahead);
  const page = lookAtLog(log, list, from, fanout, ahead, limit - report.messages.length, search, now);
  return { messages: [...own.messages, ...page.messages], next: page.next };
}

function lookAtLog(
  log: TopicLog,
  list: MessageList,
  from: number,
  end: number,
  ahead: ReadonlySet<number>,
  limit: number,
  search: string,
  now: number,
): MessagePage {
  const isDeferred = list === "deferred";
  const wants = (seq: number, due: number) => list === "latest" || (due > now === isDeferred && !ahead.has(seq));
  const { records, next } = log.look({ from, end, limit, maxBytes: MAX_LOG, isDeferred, wants });
  const messages = records.map(({ seq, due, frame }) => {
    return { seq, ...UNTOUCHED, due: due === 0 ? null : due, ...contentOf(frame, search) };
  });
  return { messages, next: next === null ? null : { section: "log", order: 0, seq: next } };
}

/** The channel's own messages, as many as may be read for; those that left the log meanwhile are left out. */
function lookAtOwn(log: TopicLog, { messages, owners }: ChannelLookReport, search: string): MessagePage {
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
  return { messages: seen, next: null };
}
