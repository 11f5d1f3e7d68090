// Where messages are looked at: a topic, or one of its channels; and the addresses of what is there.

import type { MessageList, MessageView } from "../../api.ts";
import { path } from "../request.ts";

export interface Place {
  readonly topic: string;
  /** Null for the topic itself. */
  readonly channel: string | null;
}

export interface PageQuery {
  readonly list: MessageList;
  readonly limit: number;
  /** Null for the first one. */
  readonly page?: string | null;
  readonly search?: string;
}

export function messagesUrl({ topic, channel }: Place, { list, limit, page, search }: PageQuery): string {
  const query = new URLSearchParams({ list, limit: String(limit) });
  if (page) query.set("page", page);
  if (search) query.set("search", search);
  return `${channel === null ? path("messages", topic) : path("messages", topic, channel)}?${query}`;
}

/** The whole body: a channel may be the only one that still has it. */
export function bodyUrl({ topic, channel }: Place, { id, due }: MessageView): string {
  const query = new URLSearchParams();
  if (channel !== null) query.set("channel", channel);
  if (due !== null) query.set("due", String(due));
  return `${path("message", topic, id)}${query.size > 0 ? `?${query}` : ""}`;
}
