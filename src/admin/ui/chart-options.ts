// How charts look: the colours are the theme's, taken from where the chart is.

import type UPlot from "uplot";
import { span } from "./history.ts";

const HEIGHT = 130;
const FONT_SIZE = 11;
/** As wide is half a label of the time, px. */
const HALF_CLOCK = 24;
/** There is no half message: 1, 2, 5, 10, ... */
const WHOLE_STEPS = Array.from({ length: 36 }, (_, step) => ([1, 2, 5][step % 3] ?? 1) * 10 ** Math.floor(step / 3));

export function chartOptions(
  element: HTMLElement,
  show: (value: number) => string,
  isWhole: boolean,
  onPoint: (index: number | null) => void,
): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis: UPlot.Axis = {
    stroke: colour("--muted"),
    font: `${FONT_SIZE}px ${style.fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(element.clientWidth, 100),
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 4, 0, 0],
    // Charts beside each other point at the same instant.
    cursor: { sync: { key: "page" }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
    hooks: {
      setCursor: [({ cursor }) => onPoint(cursor.left !== undefined && cursor.left >= 0 ? (cursor.idx ?? null) : null)],
    },
    scales: {
      x: { time: true, range: (plot) => [...span(plot.data[0])] as [number, number] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 22, gap: 4, space: 80, values: clocks },
      {
        ...axis,
        size: (_, labels) => yAxisSize(labels),
        gap: 6,
        space: 36,
        values: (_, values) => values.map(show),
        ...(isWhole && { incrs: WHOLE_STEPS }),
      },
    ],
    series: [{}, { stroke: colour("--chart-1"), width: 1.75, fill: colour("--accent-soft"), points: { show: false } }],
  };
}

/** None where it would run into the other axis or over the edge, and none before anything is known. */
function clocks(plot: UPlot, times: number[]): string[] {
  const width = plot.bbox.width / devicePixelRatio;
  return times.map((time) => {
    const x = plot.valToPos(time, "x");
    return x < HALF_CLOCK || x > width - HALF_CLOCK || plot.data[0].length === 0 ? "" : clock(time);
  });
}

function yAxisSize(labels: readonly string[] | null): number {
  return 14 + Math.max(2, ...(labels ?? []).map(({ length }) => length)) * FONT_SIZE * 0.6;
}

/** 23:59 or, between full minutes, 23:59:30. */
function clock(seconds: number): string {
  const date = new Date(seconds * 1000);
  const text = date.toTimeString().slice(0, 8);
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}
