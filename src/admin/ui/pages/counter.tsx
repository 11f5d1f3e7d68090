// How many messages all channels have had, counting up.

import { useEffect, useRef, useState } from "preact/hooks";
import type { CounterAnswer } from "../../api.ts";
import { count, rate } from "../format.ts";
import { Warnings } from "../notices.tsx";
import { PageHead } from "../page-head.tsx";
import { usePoll } from "../poll.ts";
import { path } from "../request.ts";

/** Often at first, so that it soon moves; then more and more seldom, as nsqadmin does. */
const interval = (answers: number) => Math.min(1_000 * Math.max(1, answers) + 100, 10_000);

interface Reading {
  readonly total: number;
  readonly at: number;
  /** Since the one before, per second. */
  readonly perSecond: number | null;
  /** ms until the next one. */
  readonly lasts: number;
}

export function CounterPage() {
  const reading = useRef<Reading | null>(null);
  const answers = useRef(0);
  const onAnswer = ({ stats }: CounterAnswer, at: number) => {
    const total = Object.values(stats).reduce((sum, { message_count }) => sum + message_count, 0);
    const before = reading.current;
    answers.current++;
    const perSecond = before === null ? null : Math.max(0, total - before.total) / Math.max(0.001, at - before.at);
    reading.current = { total, at, perSecond, lasts: interval(answers.current) };
  };
  const { answer, error } = usePoll<CounterAnswer>(path("counter"), { interval, onAnswer });
  const { current } = reading;
  return (
    <>
      <PageHead title="Counter" />
      <Warnings message={answer?.message} error={error} />
      <section class="card counter" aria-labelledby="counter-title">
        <h2 id="counter-title">Messages Processed</h2>
        <Digits total={current?.total ?? null} lasts={current?.lasts ?? 0} />
        <p class="muted">
          {current?.perSecond === null || current === null ? "–" : rate(current.perSecond)} messages per second, in all
          channels
        </p>
      </section>
    </>
  );
}

function Digits({ total, lasts }: { total: number | null; lasts: number }) {
  const shown = useCountingUp(total, lasts);
  const text = shown === null ? "–" : count(shown);
  return (
    <p class="digits">
      <span class="unseen">{total === null ? "not known yet" : count(total)}</span>
      <span class="digit-row" aria-hidden="true">
        {[...text].map((character, index) => (
          // From the right, so that a digit keeps its place when the number grows.
          <span key={text.length - index} class={character === "," ? "comma" : "digit"}>
            {character}
          </span>
        ))}
      </span>
    </p>
  );
}

/** Goes from the number before to this one in as long as this one lasts. */
function useCountingUp(total: number | null, lasts: number): number | null {
  const [shown, setShown] = useState(total);
  const from = useRef(total);
  useEffect(() => {
    const start = from.current;
    const isStill =
      start === null || total === null || total <= start || matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (isStill) {
      from.current = total;
      setShown(total);
      return;
    }
    const began = performance.now();
    let frame = requestAnimationFrame(function step(now) {
      const part = Math.min(1, Math.max(0, now - began) / lasts);
      from.current = Math.round(start + (total - start) * part);
      setShown(from.current);
      if (part < 1) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [total, lasts]);
  return shown;
}
