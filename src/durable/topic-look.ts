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

export interface SeenMessage extends Omit<LookedAt, "owner" | "frame">, Content {
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
  return isLatest && page.next === null ? { ...page, next: { section: "log", due: 0, seq: log.end } } : page;
}

export function lookAtChannel(
  log: TopicLog,
  fanout: number,
  report: ChannelLookReport,
  { list, place, limit, search }: LookOrder,
  now: number,
): MessagePage {
  const own = report.messages.flatMap((looked) => seen(log, looked, report.owners, search));
  if (report.next !== null || list === "in_flight" || list === "latest") return { messages: own, next: report.next };
  const from = Math.max(report.cursor, place?.section === "log" ? place.seq : 0);
  const ahead = new Set(report.ahead);
  const { messages, next } = lookAtLog(log, list, from, fanout, ahead, limit - own.length, search, now);
  return { messages: [...own, ...messages], next };
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
  return { messages, next: next === null ? null : { section: "log", due: 0, seq: next } };
}

/** Nothing when the message left the log meanwhile. */
function seen(
  log: TopicLog,
  { owner, frame, ...looked }: LookedAt,
  owners: ChannelLookReport["owners"],
  search: string,
): SeenMessage[] {
  const content = frame ?? log.record(looked.seq)?.frame;
  if (!content) return [];
  return [{ ...looked, ...contentOf(content, search), owner: owner === null ? null : (owners[owner] ?? null) }];
}
