// A topic: what waits in it, on which nodes, and its channels.

import type { ChannelView, TopicAnswer, TopicView } from "../../api.ts";
import { ActionButton } from "../action-button.tsx";
import { deleteTopic, emptyTopic, setPaused, tombstone } from "../actions.ts";
import { Card } from "../card.tsx";
import { Chart } from "../chart.tsx";
import { channelColumns, channelNameColumn, latencyColumns, memoryAndDisk, NodeLink, rateColumn } from "../columns.tsx";
import { CreateButton } from "../create-button.tsx";
import { count, rate } from "../format.ts";
import { DeleteIcon, EmptyIcon, TombstoneIcon } from "../icons.tsx";
import { info, isAdmin } from "../info.ts";
import { LookInside } from "../messages/look-inside.tsx";
import { PublishButton } from "../messages/publish.tsx";
import { navigate } from "../navigation.ts";
import { Missing, Nothing, TableSkeleton, Warnings } from "../notices.tsx";
import { PageHead, PausedLabel } from "../page-head.tsx";
import { PauseButton } from "../pause-button.tsx";
import { usePoll } from "../poll.ts";
import { path } from "../request.ts";
import { BASE } from "../router.ts";
import { type Column, numbers, Table } from "../table.tsx";
import { historyOf, watchTopic } from "../watch.ts";

export function TopicPage({ topic }: { topic: string }) {
  const { answer, error, reload } = usePoll<TopicAnswer>(path("topics", topic), { onAnswer: watchTopic });
  if (error?.status === 404) {
    return (
      <Missing title={topic}>
        <p class="nothing-title">
          There is no topic {topic} {answer && "any more"}
        </p>
      </Missing>
    );
  }
  const history = historyOf(topic);
  return (
    <>
      <PageHead title={topic} kind="Topic" isPaused={answer?.paused === true} trail={[{ label: "Topics", href: BASE }]}>
        {answer && isAdmin() && <Actions topic={answer} reload={reload} />}
      </PageHead>
      <Warnings message={answer?.message} error={error} />
      <div class="charts">
        <Chart title="Depth" series={history.depths()} show={count} isWhole />
        <Chart title="Messages" unit="msg/s" series={history.rates()} show={rate} />
      </div>
      {answer === null ? <TableSkeleton /> : <Details topic={answer} reload={reload} />}
    </>
  );
}

function Actions({ topic, reload }: { topic: TopicView; reload: () => void }) {
  const remove = async () => {
    if (await deleteTopic(topic)) navigate(BASE);
  };
  return (
    <>
      <PublishButton topic={topic.topic_name} onPublished={reload} />
      <CreateButton topic={topic.topic_name} onCreated={reload} />
      <PauseButton
        isPaused={topic.paused}
        onAction={() => setPaused({ topic_name: topic.topic_name }, !topic.paused).then(reload)}
      />
      <ActionButton onAction={() => emptyTopic(topic).then(reload)}>
        <EmptyIcon />
        Empty queue
      </ActionButton>
      <ActionButton class="danger-quiet" onAction={remove}>
        <DeleteIcon />
        Delete topic
      </ActionButton>
    </>
  );
}

function Details({ topic, reload }: { topic: TopicView; reload: () => void }) {
  const nodes = topic.nodes ?? [];
  const node = info.value?.node;
  return (
    <>
      <Card title="Topic Message Queue">
        {nodes.length === 0 ? (
          <Nothing title="No producers: no node has this topic" />
        ) : (
          <Table
            caption="Topic Message Queue by node"
            columns={nodeColumns([topic, ...nodes], reload)}
            rows={nodes}
            rowKey={(view) => view.node}
            total={nodes.length > 1 ? topic : undefined}
          />
        )}
      </Card>
      <Card title="Channel Message Queues">
        {topic.channels.length === 0 ? (
          <Nothing title="No channels">
            <p>Messages queue at the topic until a channel is created.</p>
          </Nothing>
        ) : (
          <Table
            caption="Channel Message Queues"
            columns={columnsOfChannels(topic.channels)}
            rows={topic.channels}
            rowKey={(channel) => channel.channel_name}
          />
        )}
      </Card>
      {node !== undefined && (
        <LookInside
          topic={topic.topic_name}
          channel={null}
          node={node}
          hasOtherNodes={nodes.some((view) => view.node !== node)}
          counts={{ waiting: topic.depth, in_flight: null, deferred: null }}
          isAdmin={isAdmin()}
          onChanged={reload}
        />
      )}
    </>
  );
}

function nodeColumns(views: readonly TopicView[], reload: () => void): Column<TopicView>[] {
  return [
    {
      label: "NSQd Host",
      value: ({ node }) => node,
      cell: (view) => (
        <span class="with-action">
          <NodeLink {...view} /> {view.paused && <PausedLabel />}
          {isAdmin() && (
            <ActionButton
              class="quiet"
              label={`Tombstone at ${view.node}`}
              onAction={() => tombstone(view).then(reload)}
            >
              <TombstoneIcon />
            </ActionButton>
          )}
        </span>
      ),
    },
    numbers("Depth", (view) => view.depth, count),
    memoryAndDisk(),
    numbers("Messages", (view) => view.message_count, count),
    rateColumn((view) => historyOf(view.topic_name, "", view.node)),
    numbers("Channels", (view) => view.channels.length, count),
    ...latencyColumns(views),
  ];
}

function columnsOfChannels(channels: readonly ChannelView[]): Column<ChannelView>[] {
  return [
    channelNameColumn(),
    ...channelColumns(),
    rateColumn(({ topic_name, channel_name }) => historyOf(topic_name, channel_name)),
    numbers("Connections", (channel) => channel.client_count, count),
    ...latencyColumns(channels),
  ];
}
