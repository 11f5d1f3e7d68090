// The nodes: each nsqd that is registered.

import type { NodesAnswer, NodeView } from "../../api.ts";
import { Card } from "../card.tsx";
import { count } from "../format.ts";
import { info } from "../info.ts";
import { Nothing, TableSkeleton, Warnings } from "../notices.tsx";
import { PageHead } from "../page-head.tsx";
import { usePoll } from "../poll.ts";
import { path } from "../request.ts";
import { nodeHref, topicHref } from "../router.ts";
import { type Column, Table } from "../table.tsx";

export function NodesPage() {
  const { answer, error } = usePoll<NodesAnswer>(path("nodes"));
  const nodes = answer?.nodes ?? [];
  return (
    <>
      <PageHead title="Nodes" />
      <Warnings message={answer?.message} error={error} />
      {answer === null ? (
        <TableSkeleton />
      ) : (
        <Card title={`NSQd Nodes (${count(nodes.length)})`}>
          {nodes.length === 0 ? (
            <Nothing title="No nodes are registered" />
          ) : (
            <Table caption="NSQd Nodes" columns={COLUMNS} rows={nodes} rowKey={address} />
          )}
        </Card>
      )}
    </>
  );
}

function address({ broadcast_address, http_port }: NodeView): string {
  return `${broadcast_address}:${http_port}`;
}

const COLUMNS: readonly Column<NodeView>[] = [
  { label: "Hostname", value: ({ hostname }) => hostname, cell: ({ hostname }) => hostname },
  {
    label: "Broadcast Address",
    value: address,
    cell: (node) => <a href={nodeHref(address(node))}>{node.broadcast_address}</a>,
  },
  // Ports are names, not amounts: no commas.
  { label: "TCP Port", isNumber: true, value: ({ tcp_port }) => tcp_port, cell: ({ tcp_port }) => tcp_port },
  { label: "HTTP Port", isNumber: true, value: ({ http_port }) => http_port, cell: ({ http_port }) => http_port },
  {
    label: "Version",
    value: ({ version }) => version,
    cell: ({ version, out_of_date }) => (
      <>
        {version} {out_of_date && <span class="label label-warning">out of date</span>}
      </>
    ),
  },
  { label: "Region", value: (node) => node.topology_region ?? "", cell: (node) => node.topology_region || "–" },
  { label: "Zone", value: (node) => node.topology_zone ?? "", cell: (node) => node.topology_zone || "–" },
  { label: "Lookupd Conns.", cell: (node) => <Lookupds node={node} /> },
  {
    label: "Topics",
    value: ({ topics }) => topics?.length ?? 0,
    isNumber: false,
    cell: (node) => <Topics node={node} />,
  },
];

function Lookupds({ node: { remote_addresses } }: { node: NodeView }) {
  const isMissing = info.value !== null && remote_addresses.length !== info.value.nsqlookupd.length;
  return (
    <details class="inline-details">
      <summary class={isMissing ? "label label-warning" : "label"}>{remote_addresses.length}</summary>
      <ul>
        {remote_addresses.map((remote) => (
          <li key={remote}>{remote}</li>
        ))}
      </ul>
    </details>
  );
}

/** The others are on the node's own page. */
const SHOWN = 20;

function Topics({ node }: { node: NodeView }) {
  const topics = node.topics ?? [];
  return (
    <span class="labels">
      <span class="badge">{topics.length}</span>
      {topics.slice(0, SHOWN).map(({ topic, tombstoned }) => (
        <a
          key={topic}
          class={tombstoned ? "label label-warning" : "label"}
          href={topicHref(topic)}
          title={tombstoned ? "This topic is tombstoned here" : undefined}
        >
          {topic}
          {tombstoned && <span class="unseen"> (tombstoned)</span>}
        </a>
      ))}
      {topics.length > SHOWN && <a href={nodeHref(address(node))}>{count(topics.length - SHOWN)} more</a>}
    </span>
  );
}
