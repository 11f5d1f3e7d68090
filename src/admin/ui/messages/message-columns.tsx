// What the tables of messages show besides the ids, by list.

import type { ComponentChildren } from "preact";
import type { MessageList, MessageView } from "../../api.ts";
import { bytes, count } from "../format.ts";
import { fromBase64, oneLine } from "./body.ts";
import { Since, Until } from "./now.tsx";

export interface MessageColumn {
  readonly label: string;
  readonly class?: string;
  readonly cell: (message: MessageView) => ComponentChildren;
}

const DUE: MessageColumn = { label: "Due", cell: ({ due }) => due !== null && <Until at={due} /> };
const CLIENT: MessageColumn = {
  label: "Client",
  class: "client-name",
  cell: ({ client }) => client && <span title={client.remote_address}>{client.client_id || client.hostname}</span>,
};
const DEADLINE: MessageColumn = {
  label: "Times out",
  cell: ({ deadline }) => deadline !== null && <Until at={deadline} />,
};
const OWN: Readonly<Record<MessageList, readonly MessageColumn[]>> = {
  waiting: [],
  in_flight: [CLIENT, DEADLINE],
  deferred: [DUE],
  latest: [],
};

export function messageColumns(list: MessageList): readonly MessageColumn[] {
  return [
    { label: "Age", cell: ({ timestamp }) => <Since at={timestamp} /> },
    { label: "Attempts", class: "number", cell: ({ attempts }) => count(attempts) },
    { label: "Size", class: "number", cell: ({ size }) => bytes(size) },
    ...OWN[list],
    { label: "Preview", class: "preview", cell: previewOf },
  ];
}

function previewOf({ preview, size }: MessageView): string {
  const start = fromBase64(preview);
  return oneLine(start, start.length >= size);
}
