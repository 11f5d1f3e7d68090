// A table of consumers.

import type { ClientView } from "../api.ts";
import { attributes, clientHost, ownId } from "./client-words.ts";
import { NodeLink } from "./columns.tsx";
import { count, duration } from "./format.ts";
import { UserIcon } from "./icons.tsx";
import { type Column, numbers, Table } from "./table.tsx";

/** `hasNode` where the page is not that of their node. */
export function ClientTable({
  caption,
  clients,
  hasNode,
}: {
  caption: string;
  clients: ClientView[];
  hasNode: boolean;
}) {
  return (
    <Table
      caption={caption}
      rows={clients}
      rowKey={(client) => `${client.node} ${client.remote_address} ${client.connect_ts} ${client.client_id}`}
      columns={clientColumns(hasNode)}
    />
  );
}

function clientColumns(hasNode: boolean): Column<ClientView>[] {
  const node: Column<ClientView> = {
    label: "NSQd Host",
    value: (client) => client.node,
    cell: (client) => <NodeLink node={client.node} hostname="" />,
  };
  return [
    { label: "Client Host", value: clientHost, cell: (client) => <ClientName client={client} /> },
    { label: "User-Agent", value: (client) => client.user_agent, cell: (client) => client.user_agent || "–" },
    { label: "Attributes", cell: (client) => <Attributes client={client} /> },
    ...(hasNode ? [node] : []),
    numbers("In-Flight", (client) => client.in_flight_count, count),
    numbers("Ready Count", (client) => client.ready_count, count),
    numbers("Finished", (client) => client.finish_count, count),
    numbers("Requeued", (client) => client.requeue_count, count),
    numbers("Messages", (client) => client.message_count, count),
    numbers(
      "Connected",
      (client) => client.connected,
      (ns) => duration(Math.floor(ns / 1e9) * 1000),
    ),
  ];
}

function ClientName({ client }: { client: ClientView }) {
  const id = ownId(client);
  return (
    <span class="client">
      {clientHost(client)}
      {id !== null && <span class="muted"> ({id})</span>}
      <small>{client.remote_address}</small>
    </span>
  );
}

function Attributes({ client }: { client: ClientView }) {
  const labels = attributes(client);
  if (labels.length === 0 && !client.authed) return <span class="muted">–</span>;
  return (
    <span class="labels">
      {labels.map(({ text, title, kind }) => (
        <span key={text} class={kind ? `label label-${kind}` : "label"} title={title || undefined}>
          {text}
        </span>
      ))}
      {client.authed && <Identity identity={client.auth_identity} url={client.auth_identity_url} />}
    </span>
  );
}

function Identity({ identity, url }: { identity: string; url: string }) {
  const name = identity || "authed";
  return (
    <span class="label" title="Authorized as">
      <UserIcon />
      {/^https?:\/\//.test(url) ? (
        <a href={url} rel="noreferrer">
          {name}
        </a>
      ) : (
        name
      )}
    </span>
  );
}
