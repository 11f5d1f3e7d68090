// A value over the last minutes, with what it is now, or where the pointer is, in large figures above it.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";
import { chartOptions } from "./chart-options.ts";
import { instant } from "./format.ts";
import type { Series } from "./history.ts";
import { shownTheme } from "./theme.ts";

interface ChartProps {
  readonly title: string;
  readonly unit?: string;
  readonly series: Series;
  readonly show: (value: number) => string;
  /** Of things that are counted, and not of a rate. */
  readonly isWhole?: boolean;
}

export function Chart({ title, unit = "", series, show, isWhole = false }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const theme = shownTheme.value;
  const { times, values } = series;

  // A canvas keeps its colours, so each theme needs a new one.
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const made = new UPlot(chartOptions(element, show, isWhole, setPointed), [times, values], element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: made.height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [theme]);
  useEffect(() => plot.current?.setData([times, values]), [times, values]);

  const text = (index: number) => {
    const value = values[index] ?? null;
    return value === null ? "–" : show(value);
  };
  const latest = values.length - 1;
  const time = pointed === null ? undefined : times[pointed];
  return (
    <div class="card chart">
      <div class="chart-head">
        <h2>{title}</h2>
        <p class="chart-value">
          {text(pointed ?? latest)}
          {unit && <span class="unit"> {unit}</span>}
        </p>
        <span class="chart-time">{time === undefined ? "" : `at ${instant(time * 1000).slice(11)}`}</span>
      </div>
      <div ref={frame} class="chart-frame" role="img" aria-label={`${title}, latest: ${text(latest)} ${unit}`.trim()} />
    </div>
  );
}
