// A small line of how a value went, beside the value.

import { type Series, span } from "./history.ts";
import { linePath } from "./line-path.ts";

const WIDTH = 88;
const HEIGHT = 22;

export function Sparkline({ series }: { series: Series }) {
  const path = linePath(series, span(series.times), WIDTH, HEIGHT);
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path class="sparkline-base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
      <path d={path} />
    </svg>
  );
}
