// Asks the broker again and again while the page is visible, one request at a time.

import { signal } from "@preact/signals";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Answer } from "../api.ts";
import { ApiError, getJson } from "./request.ts";

export interface Polled<T> {
  /** The newest; null until there is one. */
  readonly answer: T | null;
  /** What the broker answered instead, the last time. */
  readonly error: ApiError | null;
  /** Asks at once. */
  readonly reload: () => void;
}

export interface PollOptions<T> {
  /** ms until the next request, after so many answers. */
  readonly interval?: (answers: number) => number;
  /** `at` is in seconds. */
  readonly onAnswer?: (answer: T, at: number) => void;
}

const INTERVAL_MS = 2_000;
const TIMEOUT_MS = 20_000;
const REMEMBERED = 40;

/** The last request got no answer. */
export const isUnreachable = signal(false);

/** The last answers, so that a page one comes back to is there at once. */
const remembered = new Map<string, Answer>();

export function usePoll<T extends Answer>(url: string, options: PollOptions<T> = {}): Polled<T> {
  const [answer, setAnswer] = useState<T | null>((remembered.get(url) as T | undefined) ?? null);
  const [error, setError] = useState<ApiError | null>(null);
  const latest = useRef(options);
  latest.current = options;
  const poll = useRef<{ reload: () => void } | null>(null);
  useEffect(() => {
    const onAnswer = (got: T) => {
      latest.current.onAnswer?.(got, Date.now() / 1000);
      remember(url, got);
      setAnswer(got);
      setError(null);
    };
    const interval = (answers: number) => latest.current.interval?.(answers) ?? INTERVAL_MS;
    const started = startPolling<T>(url, interval, onAnswer, setError);
    poll.current = started;
    return started.stop;
  }, [url]);
  const reload = useCallback(() => poll.current?.reload(), []);
  return { answer, error, reload };
}

function startPolling<T extends Answer>(
  url: string,
  interval: (answers: number) => number,
  onAnswer: (answer: T) => void,
  onError: (error: ApiError) => void,
) {
  const stopped = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let isAskedAgain = false;
  let answers = 0;

  const ask = async () => {
    clearTimeout(timer);
    // What is under way may have been answered before the change that calls for this one.
    isAskedAgain = isAsking;
    if (isAsking) return;
    isAsking = true;
    try {
      const got = await getJson<T>(url, AbortSignal.any([stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]));
      if (stopped.signal.aborted) return;
      isUnreachable.value = false;
      answers++;
      onAnswer(got);
    } catch (error) {
      if (stopped.signal.aborted) return;
      isUnreachable.value = !(error instanceof ApiError);
      if (error instanceof ApiError) onError(error);
    } finally {
      isAsking = false;
    }
    if (isAskedAgain) void ask();
    else if (!document.hidden) timer = setTimeout(ask, interval(answers));
  };

  const onVisibility = () => {
    if (document.hidden) clearTimeout(timer);
    else void ask();
  };
  document.addEventListener("visibilitychange", onVisibility);
  void ask();
  return {
    reload: () => void ask(),
    stop: () => {
      stopped.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisibility);
    },
  };
}

function remember(url: string, answer: Answer): void {
  remembered.delete(url);
  remembered.set(url, answer);
  const oldest = remembered.keys().next();
  if (remembered.size > REMEMBERED && !oldest.done) remembered.delete(oldest.value);
}
