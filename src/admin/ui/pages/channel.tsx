// A channel: what waits in it, on which nodes, and who consumes it.

import type { ChannelAnswer, ChannelView } from "../../api.ts";
import { ActionButton } from "../action-button.tsx";
import { deleteChannel, emptyChannel, setPaused } from "../actions.ts";
import { Card } from "../card.tsx";
import { Chart } from "../chart.tsx";
import { ClientTable } from "../client-table.tsx";
import { channelColumns, deliveryColumns, latencyColumns, NodeLink, rateColumn } from "../columns.tsx";
import { count, rate } from "../format.ts";
import { DeleteIcon, EmptyIcon } from "../icons.tsx";
import { info, isAdmin } from "../info.ts";
import { LookInside } from "../messages/look-inside.tsx";
import { navigate } from "../navigation.ts";
import { Missing, Nothing, TableSkeleton, Warnings } from "../notices.tsx";
import { PageHead, PausedLabel } from "../page-head.tsx";
import { PauseButton } from "../pause-button.tsx";
import { usePoll } from "../poll.ts";
import { path } from "../request.ts";
import { BASE, topicHref } from "../router.ts";
import { type Column, numbers, Table } from "../table.tsx";
import { historyOf, watchChannel } from "../watch.ts";

export function ChannelPage({ topic, channel }: { topic: string; channel: string }) {
  const { answer, error, reload } = usePoll<ChannelAnswer>(path("topics", topic, channel), { onAnswer: watchChannel });
  if (error?.status === 404) {
    return (
      <Missing title={channel}>
        <p class="nothing-title">
          There is no channel {channel} of topic <a href={topicHref(topic)}>{topic}</a> {answer && "any more"}
        </p>
      </Missing>
    );
  }
  const history = historyOf(topic, channel);
  const trail = [
    { label: "Topics", href: BASE },
    { label: topic, href: topicHref(topic) },
  ];
  return (
    <>
      <PageHead title={channel} kind="Channel" isPaused={answer?.paused === true} trail={trail}>
        {answer && isAdmin() && <Actions channel={answer} reload={reload} />}
      </PageHead>
      <Warnings message={answer?.message} error={error} />
      <div class="charts">
        <Chart title="Depth" series={history.depths()} show={count} isWhole />
        <Chart title="Messages" unit="msg/s" series={history.rates()} show={rate} />
        <Chart title="In flight" series={history.inFlights()} show={count} isWhole />
      </div>
      {answer === null ? <TableSkeleton /> : <Details channel={answer} reload={reload} />}
    </>
  );
}

function Actions({ channel, reload }: { channel: ChannelView; reload: () => void }) {
  const remove = async () => {
    if (await deleteChannel(channel)) navigate(topicHref(channel.topic_name));
  };
  return (
    <>
      <PauseButton isPaused={channel.paused} onAction={() => setPaused(channel, !channel.paused).then(reload)} />
      <ActionButton onAction={() => emptyChannel(channel).then(reload)}>
        <EmptyIcon />
        Empty queue
      </ActionButton>
      <ActionButton class="danger-quiet" onAction={remove}>
        <DeleteIcon />
        Delete channel
      </ActionButton>
    </>
  );
}

function Details({ channel, reload }: { channel: ChannelView; reload: () => void }) {
  const nodes = channel.nodes ?? [];
  const clients = channel.clients ?? [];
  const node = info.value?.node;
  return (
    <>
      <Card title="Channel Message Queue">
        <Table
          caption="Channel Message Queue by node"
          columns={nodeColumns([channel, ...nodes])}
          rows={nodes}
          rowKey={(view) => view.node}
          total={nodes.length > 1 ? channel : undefined}
        />
      </Card>
      <Card title="Client Connections" aside={<span class="badge">{count(clients.length)}</span>}>
        {clients.length === 0 ? (
          <Nothing title="No clients are connected">
            <p>Messages wait in the channel until a consumer subscribes to it.</p>
          </Nothing>
        ) : (
          <ClientTable caption="Client Connections" clients={clients} hasNode />
        )}
      </Card>
      {node !== undefined && (
        <LookInside
          topic={channel.topic_name}
          channel={channel.channel_name}
          node={node}
          hasOtherNodes={nodes.some((view) => view.node !== node)}
          counts={{ waiting: channel.depth, in_flight: channel.in_flight_count, deferred: channel.deferred_count }}
          isAdmin={isAdmin()}
          onChanged={reload}
        />
      )}
    </>
  );
}

function nodeColumns(views: readonly ChannelView[]): Column<ChannelView>[] {
  return [
    {
      label: "NSQd Host",
      value: ({ node }) => node,
      cell: (view) => (
        <>
          <NodeLink {...view} /> {view.paused && <PausedLabel />}
        </>
      ),
    },
    ...channelColumns(),
    rateColumn(({ topic_name, channel_name, node }) => historyOf(topic_name, channel_name, node)),
    numbers("Connections", (view) => view.client_count, count),
    ...deliveryColumns(views),
    ...latencyColumns(views),
  ];
}
