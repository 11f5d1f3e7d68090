// A node: its topics, their channels and clients.

import type { ChannelView, NodeAnswer, TopicView } from "../../api.ts";
import { ActionButton } from "../action-button.tsx";
import { tombstone } from "../actions.ts";
import { Card } from "../card.tsx";
import { ClientTable } from "../client-table.tsx";
import { channelColumns, channelNameColumn, memoryAndDisk } from "../columns.tsx";
import { count, counted } from "../format.ts";
import { TombstoneIcon } from "../icons.tsx";
import { isAdmin } from "../info.ts";
import { Missing, Nothing, TableSkeleton, Warnings } from "../notices.tsx";
import { PageHead, PausedLabel } from "../page-head.tsx";
import { usePoll } from "../poll.ts";
import { path } from "../request.ts";
import { BASE, topicHref } from "../router.ts";
import { type Column, numbers, Table } from "../table.tsx";
import { Totals } from "../totals.tsx";

export function NodePage({ node }: { node: string }) {
  const { answer, error, reload } = usePoll<NodeAnswer>(path("nodes", node));
  if (error?.status === 404) {
    return (
      <Missing title={node}>
        <p class="nothing-title">
          There is no node {node} {answer && "any more"}
        </p>
      </Missing>
    );
  }
  return (
    <>
      <PageHead title={node} kind="Node" trail={[{ label: "Nodes", href: `${BASE}nodes` }]} />
      <Warnings message={answer?.message} error={error} />
      <Totals
        of={[
          ["Topics", answer && count(answer.topics.length)],
          ["Messages", answer && count(answer.total_messages)],
          ["Clients", answer && count(answer.total_clients)],
        ]}
      />
      {answer === null ? <TableSkeleton /> : <Topics node={answer} reload={reload} />}
    </>
  );
}

/** With more topics than this each is opened by hand. */
const OPENED = 6;

function Topics({ node, reload }: { node: NodeAnswer; reload: () => void }) {
  if (node.topics.length === 0) {
    return (
      <div class="card">
        <Nothing title="No topics on this node" />
      </div>
    );
  }
  return (
    <>
      <Card title="Topics">
        <Table
          caption={`Topics of ${node.node}`}
          columns={topicColumns(node, reload)}
          rows={node.topics}
          rowKey={({ topic_name }) => topic_name}
        />
      </Card>
      {node.topics
        .filter(({ channels }) => channels.length > 0)
        .map((topic) => (
          <TopicDetails key={topic.topic_name} topic={topic} isOpen={node.topics.length <= OPENED} />
        ))}
    </>
  );
}

function TopicDetails({ topic, isOpen }: { topic: TopicView; isOpen: boolean }) {
  const { topic_name, channels } = topic;
  return (
    <details class="card" open={isOpen}>
      <summary class="card-head">
        <h2>{topic_name}</h2>
        <span class="muted">{counted(channels.length, "channel")}</span>
      </summary>
      <Table
        caption={`Channels of ${topic_name}`}
        columns={CHANNEL_COLUMNS}
        rows={channels}
        rowKey={({ channel_name }) => channel_name}
      />
      {channels
        .filter(({ clients }) => clients !== null && clients.length > 0)
        .map(({ channel_name, clients }) => (
          <div key={channel_name} class="sub-table">
            <h3>Clients of {channel_name}</h3>
            <ClientTable caption={`Clients of ${topic_name}/${channel_name}`} clients={clients ?? []} hasNode={false} />
          </div>
        ))}
    </details>
  );
}

function topicColumns({ node }: NodeAnswer, reload: () => void): Column<TopicView>[] {
  return [
    {
      label: "Topic",
      value: ({ topic_name }) => topic_name,
      cell: (topic) => (
        <span class="with-action">
          <a href={topicHref(topic.topic_name)}>{topic.topic_name}</a> {topic.paused && <PausedLabel />}
          {isAdmin() && (
            <ActionButton
              class="quiet"
              label={`Tombstone ${topic.topic_name} here`}
              onAction={() => tombstone({ ...topic, node }).then(reload)}
            >
              <TombstoneIcon />
            </ActionButton>
          )}
        </span>
      ),
    },
    numbers("Depth", (topic) => topic.depth, count),
    memoryAndDisk(),
    numbers("Messages", (topic) => topic.message_count, count),
    numbers("Channels", (topic) => topic.channels.length, count),
  ];
}

const CHANNEL_COLUMNS: readonly Column<ChannelView>[] = [
  channelNameColumn(),
  ...channelColumns(),
  numbers("Connections", (channel) => channel.client_count, count),
];
