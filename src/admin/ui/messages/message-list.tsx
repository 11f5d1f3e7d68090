// A list of messages, a page at a time.

import { useState } from "preact/hooks";
import type { MessageList as ListName, MessagesAnswer } from "../../api.ts";
import { counted } from "../format.ts";
import { Nothing, SkeletonRows } from "../notices.tsx";
import { MessageTable } from "./message-table.tsx";
import { MessageToolbar } from "./message-toolbar.tsx";
import type { Place } from "./place.ts";
import { Trouble } from "./trouble.tsx";
import { FIRST_PAGE, type Messages, useMessages } from "./use-messages.ts";

interface MessageListProps {
  readonly place: Place;
  readonly list: ListName;
  readonly limit: number;
  readonly onLimit: (limit: number) => void;
  readonly isAdmin: boolean;
  readonly onChanged: () => void;
}

const EMPTY: Readonly<Record<ListName, string>> = {
  waiting: "No messages are waiting",
  in_flight: "No messages are in flight",
  deferred: "No messages are deferred",
  latest: "Nothing was published that is still there",
};
const CAPTIONS: Readonly<Record<ListName, string>> = {
  waiting: "Waiting messages",
  in_flight: "Messages in flight",
  deferred: "Deferred messages",
  latest: "Latest messages",
};

export function MessageList({ place, list, limit, onLimit, isAdmin, onChanged }: MessageListProps) {
  const messages = useMessages(place, list, limit);
  const [isAllShown, setAllShown] = useState(false);
  const { answer, error, isLoading, wanted, load } = messages;
  const matches = answer?.messages.filter((message) => message.is_match) ?? [];
  const shown = isAllShown ? (answer?.messages ?? []) : matches;
  const onAction = () => {
    load({});
    onChanged();
  };
  return (
    <>
      <MessageToolbar messages={messages} limit={limit} onLimit={onLimit} />
      {answer !== null && wanted.search !== "" && (
        <p class="matches">
          <span role="status">
            {matches.length} of {counted(answer.messages.length, "message")} on this page match
          </span>
          <button type="button" aria-pressed={isAllShown} onClick={() => setAllShown(!isAllShown)}>
            Show all
          </button>
        </p>
      )}
      {error !== null && <Trouble what="Could not load the messages" error={error} onRetry={() => load({})} />}
      {answer === null && error === null && <SkeletonRows rows={4} />}
      {answer !== null &&
        (answer.messages.length === 0 ? (
          <Nothing title={emptyText(answer, wanted.number)} />
        ) : (
          shown.length > 0 && (
            <MessageTable
              place={place}
              list={list}
              caption={CAPTIONS[list]}
              // Of the latest the newest is last.
              messages={list === "latest" ? shown.toReversed() : shown}
              isAdmin={isAdmin}
              onChanged={onAction}
            />
          )
        ))}
      {answer !== null && <Paging {...messages} answer={answer} isLoading={isLoading} />}
    </>
  );
}

function Paging({ answer, wanted, isLoading, load }: Messages & { answer: MessagesAnswer }) {
  const { messages, next } = answer;
  if (next === null && wanted.number === 1 && messages.length === 0) return null;
  return (
    <div class="pages" aria-busy={isLoading}>
      <span>
        Page {wanted.number}, {counted(messages.length, "message")}
      </span>
      <button type="button" disabled={wanted.number === 1} onClick={() => load(FIRST_PAGE)}>
        First page
      </button>
      <button type="button" disabled={next === null} onClick={() => load({ page: next, number: wanted.number + 1 })}>
        Next page
      </button>
    </div>
  );
}

function emptyText({ list, next }: MessagesAnswer, number: number): string {
  if (list === "latest") return number === 1 ? EMPTY.latest : "Nothing newer has been published yet";
  if (next !== null) return "Nothing on this stretch of the log; there is more";
  return number === 1 ? EMPTY[list] : "No more messages";
}
