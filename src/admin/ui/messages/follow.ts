// Follows what is published to a topic: asks each second for what came since, while the page is visible. What fails is asked again
// from the same place, so nothing is missed.

import type { MessagesAnswer, MessageView } from "../../api.ts";
import { getJson } from "../request.ts";
import { messagesUrl } from "./place.ts";

export interface Listener {
  /** The end of the log is known: whatever is published from now on will be shown. */
  readonly onStart: () => void;
  /** Oldest first. */
  readonly onMessages: (messages: readonly MessageView[]) => void;
  /** Null when it goes well again. */
  readonly onTrouble: (error: unknown) => void;
}

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 20_000;
const LIMIT = 50;

/** Returns what stops it. */
export function follow(topic: string, { onStart, onMessages, onTrouble }: Listener): () => void {
  const stopped = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  /** Null until the end of the log is known. */
  let page: string | null = null;

  const ask = async () => {
    clearTimeout(timer);
    if (isAsking || document.hidden) return;
    isAsking = true;
    let isBehind = false;
    try {
      const url = messagesUrl({ topic, channel: null }, { list: "latest", limit: page === null ? 1 : LIMIT, page });
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const { messages, next } = await getJson<MessagesAnswer>(url, signal);
      if (stopped.signal.aborted) return;
      if (page === null) onStart();
      else if (messages.length > 0) onMessages(messages);
      isBehind = page !== null && messages.length === LIMIT;
      page = next ?? page;
      onTrouble(null);
    } catch (error) {
      if (stopped.signal.aborted) return;
      onTrouble(error);
    } finally {
      isAsking = false;
    }
    timer = setTimeout(ask, isBehind ? 0 : INTERVAL_MS);
  };
  const onVisibility = () => void ask();
  document.addEventListener("visibilitychange", onVisibility);
  void ask();
  return () => {
    stopped.abort();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisibility);
  };
}
