// All topics.

import { useEffect, useRef, useState } from "preact/hooks";
import type { OverviewAnswer, TopicSummary } from "../../api.ts";
import { rateText } from "../columns.tsx";
import { CopyLine } from "../copy-line.tsx";
import { CreateButton } from "../create-button.tsx";
import { count, counted } from "../format.ts";
import { SearchIcon } from "../icons.tsx";
import { isAdmin, needsToken } from "../info.ts";
import { curlWords } from "../messages/curl.ts";
import { navigate, query, setQuery } from "../navigation.ts";
import { Nothing, TableSkeleton, Warnings } from "../notices.tsx";
import { PageHead, PausedLabel } from "../page-head.tsx";
import { usePoll } from "../poll.ts";
import { path } from "../request.ts";
import { topicHref } from "../router.ts";
import { Sparkline } from "../sparkline.tsx";
import { type Column, numbers, Table } from "../table.tsx";
import { historyOf, watchOverview } from "../watch.ts";

const PAGE_SIZE = 100;

export function TopicsPage() {
  const search = query.value.get("search") ?? "";
  const offset = Math.max(0, Number.parseInt(query.value.get("offset") ?? "0", 10) || 0);
  const asked = new URLSearchParams({ search, offset: String(offset), limit: String(PAGE_SIZE) });
  const { answer, error } = usePoll<OverviewAnswer>(`${path("overview")}?${asked}`, { onAnswer: watchOverview });
  return (
    <>
      <PageHead title="Topics">
        <Search text={search} />
        {isAdmin() && <CreateButton onCreated={(topic) => navigate(topicHref(topic))} />}
      </PageHead>
      <Warnings message={answer?.message} error={error} />
      {answer === null ? <TableSkeleton rows={6} /> : <Topics answer={answer} search={search} offset={offset} />}
    </>
  );
}

function Topics({ answer, search, offset }: { answer: OverviewAnswer; search: string; offset: number }) {
  const { topics, total } = answer;
  if (topics.length === 0 && offset === 0) return search === "" ? <First /> : <NoMatch search={search} />;
  return (
    <div class="card">
      <Table caption="Topics" columns={COLUMNS} rows={topics} rowKey={({ topic_name }) => topic_name} />
      {total > PAGE_SIZE && <Pages search={search} offset={offset} shown={topics.length} total={total} />}
    </div>
  );
}

const historyOfTopic = ({ topic_name }: TopicSummary) => historyOf(topic_name);

const COLUMNS: readonly Column<TopicSummary>[] = [
  {
    label: "Topic",
    value: ({ topic_name }) => topic_name,
    cell: ({ topic_name, paused }) => (
      <>
        <a href={topicHref(topic_name)}>{topic_name}</a> {paused && <PausedLabel />}
      </>
    ),
  },
  numbers("Depth", (topic) => topic.depth, count, "Messages that wait at the topic itself"),
  numbers("Channel depth", (topic) => topic.channel_depth, count, "Messages that wait in its channels"),
  numbers("In-flight", (topic) => topic.in_flight_count, count),
  numbers("Deferred", (topic) => topic.deferred_count, count),
  numbers("Messages", (topic) => topic.message_count, count, "Since the topic was created"),
  numbers(
    "Rate (msg/s)",
    (topic) => historyOfTopic(topic).rate() ?? 0,
    (_, topic) => (
      <span class="rate">
        <Sparkline series={historyOfTopic(topic).rates()} />
        <span class="rate-value">{rateText(historyOfTopic(topic))}</span>
      </span>
    ),
    "Over the last 10 seconds; the line goes back 5 minutes",
  ),
  numbers("Channels", (topic) => topic.channel_count, count),
  numbers("Clients", (topic) => topic.client_count, count),
];

const TYPING_MS = 200;

function Search({ text }: { text: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(text);
  const sent = useRef(text);
  useEffect(() => {
    if (typed === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed;
      setQuery({ search: typed });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  // A link may lead to another search, or to none.
  useEffect(() => {
    if (text === sent.current) return;
    sent.current = text;
    setTyped(text);
  }, [text]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element && event.target.closest("input, textarea, select, dialog") !== null;
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <search class="search">
      <SearchIcon />
      <input
        ref={input}
        type="search"
        aria-label="Search topics"
        aria-keyshortcuts="/"
        placeholder="Search topics"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
      />
      <span class="key" aria-hidden="true">
        /
      </span>
    </search>
  );
}

function First() {
  return (
    <div class="card">
      <Nothing title="No topics yet">
        <p>A topic is there as soon as something is published to it. The first message:</p>
        <CopyLine text={`${curlWords(needsToken())} -d 'hello world' '${location.origin}/pub?topic=test'`} />
      </Nothing>
    </div>
  );
}

function NoMatch({ search }: { search: string }) {
  return (
    <div class="card">
      <Nothing title={`No topic has “${search}” in its name`} />
    </div>
  );
}

function Pages({ search, offset, shown, total }: { search: string; offset: number; shown: number; total: number }) {
  const turn = (to: number) => {
    setQuery({ search, offset: to > 0 ? String(to) : "" });
    scrollTo(0, 0);
  };
  return (
    <nav class="pages" aria-label="More topics">
      <span>
        {count(offset + 1)}–{count(offset + shown)} of {counted(total, "topic")}, by name
      </span>
      <button type="button" disabled={offset === 0} onClick={() => turn(Math.max(0, offset - PAGE_SIZE))}>
        Previous
      </button>
      <button type="button" disabled={offset + shown >= total} onClick={() => turn(offset + PAGE_SIZE)}>
        Next
      </button>
    </nav>
  );
}
