// The table that `npm run cost` prints.

import type { Bound, Outcome } from "./outcome.ts";
import { PRICES, QUEUES_DOLLARS, STORED_GB_MONTH } from "./prices.ts";

const HEADER = [
  "per message",
  "rows written",
  "rows read",
  "object requests",
  "messages to objects",
  "alarms",
  "worker requests",
  "$ a million",
  "wanted",
  "holds",
];
const MEASURES = { dollarsPerMillion: "$", rowsWritten: "rows", total: "of anything" } as const;

export function table(outcomes: readonly Outcome[]): string {
  const rows = [
    HEADER,
    ...outcomes.map(cells),
    ["Cloudflare Queues", ...Array(6).fill(""), money(QUEUES_DOLLARS), "", ""],
  ];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
    ),
  );
  return `${lines.map((line) => line.join("  ").trimEnd()).join("\n")}\n\n${NOTES}`;
}

function cells({ workload, perMessage, dollarsPerMillion, wanted, holds }: Outcome): string[] {
  const { rowsWritten, rowsRead, objectRequests, webSocketMessages, alarms, workerRequests } = perMessage;
  return [
    workload,
    ...[rowsWritten, rowsRead, objectRequests, webSocketMessages, alarms, workerRequests].map(count),
    money(dollarsPerMillion),
    wanted ? bound(wanted) : "",
    wanted ? (holds ? "yes" : "NO") : "",
  ];
}

function bound({ measure, atMost }: Bound): string {
  return measure === "dollarsPerMillion" ? `<= ${money(atMost)}` : `<= ${atMost} ${MEASURES[measure]}`;
}

function count(value: number): string {
  return value === 0 ? "0" : String(Number(value.toFixed(4)));
}

function money(value: number): string {
  return `$${value.toFixed(value < 1 && value > 0 ? 3 : 2)}`;
}

function price(dollars: number): string {
  return `$${dollars.toFixed(2)}`;
}

const NOTES = `An idle consumer is counted for the day. Prices are Cloudflare's list prices beyond what the paid plan includes
(test/cost/prices.ts); Cloudflare Queues takes three operations for a message, and one queue for what is a channel here.

Not counted:
- Duration: ${price(PRICES.objectSeconds.dollars)} for a million seconds that an object is awake ($12.50 a million GB-s, 128 MB an object). A
  channel and its topic are awake from a publish until its consumer has answered, and under load all the time. An object
  that is always awake costs ${price(PRICES.objectSeconds.dollars * 2.592)} a month; a channel that waits sleeps, and so does its topic: that costs nothing.
- The Worker's CPU, ${price(PRICES.workerCpu.dollars)} for a million ms; storage, ${price(STORED_GB_MONTH.dollars)} for a GB-month; connecting and creating topics and channels.
- In the short workloads the alarm that a topic sets once in ten minutes while messages are published: a row and a request.`;
