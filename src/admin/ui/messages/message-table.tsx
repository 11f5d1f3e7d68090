// Messages in a table, each with a button that opens all about it.

import { useState } from "preact/hooks";
import type { MessageList, MessageView } from "../../api.ts";
import { type MessageColumn, messageColumns } from "./message-columns.tsx";
import { MessageDetails } from "./message-details.tsx";
import type { Place } from "./place.ts";

interface TableProps {
  readonly place: Place;
  readonly list: MessageList;
  readonly caption: string;
  readonly messages: readonly MessageView[];
  readonly isAdmin: boolean;
  readonly onChanged: () => void;
}

export function MessageTable({ caption, messages, ...rest }: TableProps) {
  const columns = messageColumns(rest.list);
  return (
    // A region that scrolls must be within reach of the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class="table-scroll messages" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">ID</th>
            {columns.map(({ label, class: style }) => (
              <th key={label} scope="col" class={style}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {messages.map((message) => (
            <MessageRow key={message.id} message={message} columns={columns} {...rest} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

type RowProps = Omit<TableProps, "caption" | "messages"> & {
  readonly message: MessageView;
  readonly columns: readonly MessageColumn[];
};

function MessageRow({ message, columns, list, ...rest }: RowProps) {
  const [isOpen, setOpen] = useState(false);
  const id = `message-${message.id}`;
  return (
    <>
      <tr>
        <th scope="row">
          <button
            type="button"
            class="disclosure"
            aria-label={`Message ${message.id}`}
            aria-expanded={isOpen}
            aria-controls={isOpen ? id : undefined}
            onClick={() => setOpen(!isOpen)}
          >
            {message.id}
          </button>
        </th>
        {columns.map(({ label, class: style, cell }) => (
          <td key={label} class={style} data-label={label}>
            {cell(message)}
          </td>
        ))}
      </tr>
      {isOpen && (
        <tr class="message-open" id={id}>
          <td colSpan={columns.length + 1}>
            <div class="message-details">
              <MessageDetails message={message} isDeferred={list === "deferred"} {...rest} />
            </div>
          </td>
        </tr>
      )}
    </>
  );
}
