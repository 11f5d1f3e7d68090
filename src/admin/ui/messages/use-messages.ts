// A page of a list of messages. It is asked for when the reader wants it and not by itself: nothing moves under their eyes.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { MessageList, MessagesAnswer } from "../../api.ts";
import { getJson } from "../request.ts";
import { messagesUrl, type Place } from "./place.ts";

export interface Wanted {
  readonly page: string | null;
  /** From 1. */
  readonly number: number;
  readonly search: string;
}

export interface Messages {
  /** The last that came; null until there is one. */
  readonly answer: MessagesAnswer | null;
  readonly error: unknown;
  readonly isLoading: boolean;
  /** What the answer is to. */
  readonly wanted: Wanted;
  readonly load: (wanted: Partial<Wanted>) => void;
}

export const FIRST_PAGE = { page: null, number: 1 } as const;
const NOTHING = { answer: null, error: null, wanted: { ...FIRST_PAGE, search: "" } } as const;

export function useMessages({ topic, channel }: Place, list: MessageList, limit: number): Messages {
  const [state, setState] = useState<Pick<Messages, "answer" | "error" | "wanted">>(NOTHING);
  const [isLoading, setLoading] = useState(true);
  const underWay = useRef<AbortController | null>(null);

  const ask = useCallback(
    async (wanted: Wanted) => {
      underWay.current?.abort();
      const own = new AbortController();
      underWay.current = own;
      setLoading(true);
      try {
        const url = messagesUrl({ topic, channel }, { list, limit, page: wanted.page, search: wanted.search });
        const answer = await getJson<MessagesAnswer>(url, own.signal);
        if (!own.signal.aborted) setState({ answer, error: null, wanted });
      } catch (error) {
        if (!own.signal.aborted) setState({ answer: null, error, wanted });
      }
      if (!own.signal.aborted) setLoading(false);
    },
    [topic, channel, list, limit],
  );

  /** What is on the way, or was asked for last. */
  const latest = useRef<Wanted>(NOTHING.wanted);
  const load = useCallback(
    (change: Partial<Wanted>) => {
      latest.current = { ...latest.current, ...change };
      void ask(latest.current);
    },
    [ask],
  );
  useEffect(() => {
    load(FIRST_PAGE);
    return () => underWay.current?.abort();
  }, [load]);
  return { ...state, isLoading, load };
}
