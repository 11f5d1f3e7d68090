/// <reference path="./parse-prometheus-text-format.d.ts" />

// Reads Prometheus' text format with a parser that is not ours; it comes without types.

import parsePrometheusTextFormat from "parse-prometheus-text-format";

export type ReadFamily = ReturnType<typeof parsePrometheusTextFormat>[number];

/** The families, in their order. */
export function readExposition(text: string): ReadFamily[] {
  return parsePrometheusTextFormat(text);
}
