// Spans of time that go on by themselves: how old something is, and when it will be.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { duration, instant } from "../format.ts";

const TICK_MS = 2_000;
const now = signal(Date.now());

/** While the component is shown, time goes on. */
export function useTime(): void {
  useEffect(() => {
    now.value = Date.now();
    const timer = setInterval(() => {
      now.value = Date.now();
    }, TICK_MS);
    return () => clearInterval(timer);
  }, []);
}

/** `3 min 12 s` */
export function Since({ at }: { at: number }) {
  // The broker's clock may be ahead of this one, and what is new is newer than the last tick.
  const span = Math.max(now.value, at) - at;
  return <time title={instant(at)}>{span < 1_000 ? "just now" : duration(span)}</time>;
}

/** `in 4 min`, or `now` when that is over. */
export function Until({ at }: { at: number }) {
  const span = at - now.value;
  return <time title={instant(at)}>{span <= 0 ? "now" : `in ${duration(Math.max(span, 1_000))}`}</time>;
}
