// Columns that several tables have.

import type { ChannelView, DeliveryCounts, E2eLatency } from "../api.ts";
import { count, rate } from "./format.ts";
import type { History } from "./history.ts";
import { latencyColumn, latencyOf, quantiles } from "./latency.ts";
import { PausedLabel } from "./page-head.tsx";
import { channelHref, nodeHref } from "./router.ts";
import { type Column, numbers } from "./table.tsx";

interface Depths {
  readonly memory_depth: number;
  readonly backend_depth: number;
}

export function memoryAndDisk<Row extends Depths>(): Column<Row> {
  return {
    label: "Memory + Disk",
    isNumber: true,
    cell: (row) => `${count(row.memory_depth)} + ${count(row.backend_depth)}`,
  };
}

export function rateColumn<Row>(historyOf: (row: Row) => History): Column<Row> {
  const title = "Messages per second, over the last 10 seconds";
  return numbers(
    "Rate",
    (row) => historyOf(row).rate() ?? 0,
    (_, row) => rateText(historyOf(row)),
    title,
  );
}

export function rateText(history: History): string {
  const perSecond = history.rate();
  return perSecond === null ? "–" : rate(perSecond);
}

/** None when nothing was measured. */
export function latencyColumns<Row extends { e2e_processing_latency: E2eLatency }>(
  rows: readonly Row[],
): Column<Row>[] {
  return quantiles(rows).map((quantile) =>
    numbers(
      latencyColumn(quantile),
      (row) => latencyOf(row, quantile)?.average ?? 0,
      (_, row) => {
        const latency = latencyOf(row, quantile);
        return latency === null ? "–" : <span title={latency.title}>{latency.text}</span>;
      },
      "From publishing to finishing, average of the nodes",
    ),
  );
}

/** Its name, as a link to its page. */
export function channelNameColumn(): Column<ChannelView> {
  return {
    label: "Channel",
    value: ({ channel_name }) => channel_name,
    cell: ({ topic_name, channel_name, paused }) => (
      <>
        <a href={channelHref(topic_name, channel_name)}>{channel_name}</a> {paused && <PausedLabel />}
      </>
    ),
  };
}

/** Depth to Messages, as every table of channels has them. */
export function channelColumns(): Column<ChannelView>[] {
  return [
    numbers("Depth", (row) => row.depth, count),
    memoryAndDisk(),
    numbers("In-Flight", (row) => row.in_flight_count, count),
    numbers("Deferred", (row) => row.deferred_count, count),
    numbers("Requeued", (row) => row.requeue_count, count),
    numbers("Timed Out", (row) => row.timeout_count, count),
    numbers("Messages", (row) => row.message_count, count),
  ];
}

/** The node as it calls itself, and what it is known by if that is another name. */
export function NodeLink({ node, hostname }: { node: string; hostname: string }) {
  const colon = node.lastIndexOf(":");
  const isSame = hostname === "" || node.slice(0, colon) === hostname;
  return (
    <a href={nodeHref(node)}>
      {isSame ? node : `${hostname}${node.slice(colon)}`}
      {!isSame && <span class="muted"> ({node})</span>}
    </a>
  );
}

const DISTANCES = [
  ["zone", "zone_local_msg_count"],
  ["region", "region_local_msg_count"],
  ["global", "global_msg_count"],
] as const;

/** How far messages went, as a bar; only when anybody counted. */
export function deliveryColumns<Row extends DeliveryCounts>(rows: readonly Row[]): Column<Row>[] {
  if (!rows.some(({ delivery_msg_count = 0 }) => delivery_msg_count > 0)) return [];
  return [
    {
      label: "Delivery",
      title: "To the same zone · to the same region · farther",
      cell: (row) => <Delivery {...row} />,
    },
  ];
}

function Delivery(counts: DeliveryCounts) {
  const all = counts.delivery_msg_count ?? 0;
  if (all === 0) return <>–</>;
  let start = 0;
  const parts = DISTANCES.map(([name, key]) => {
    const share = ((counts[key] ?? 0) / all) * 100;
    const part = { name, share, start };
    start += share;
    return part;
  });
  const text = parts.map(({ name, share }) => `${Math.round(share)}% ${name}`).join(", ");
  const short = parts.map(({ share }) => Math.round(share)).join(" · ");
  return (
    <span class="delivery" title={text}>
      <svg viewBox="0 0 100 6" width="100" height="6" preserveAspectRatio="none" aria-hidden="true">
        {parts.map(({ name, share, start }) => (
          <rect key={name} class={`delivery-${name}`} x={start} width={share} height="6" />
        ))}
      </svg>
      <span class="muted" aria-hidden="true">
        {short} %
      </span>
      <span class="unseen">{text}</span>
    </span>
  );
}
