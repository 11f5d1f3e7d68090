// What was done with these pages and the API behind them, newest first.

import { useRef, useState } from "preact/hooks";
import type { AuditAnswer, AuditEntry } from "../../api.ts";
import { ActionButton } from "../action-button.tsx";
import { actionInWords, outcomeInWords } from "../audit-words.ts";
import { instant } from "../format.ts";
import { Nothing, TableSkeleton, Warnings } from "../notices.tsx";
import { PageHead } from "../page-head.tsx";
import { usePoll } from "../poll.ts";
import { getJson, path } from "../request.ts";
import { channelHref, nodeHref, topicHref } from "../router.ts";
import { type Column, Table } from "../table.tsx";
import { toastError } from "../toast.tsx";

const PAGE = `${path("audit")}?limit=50`;

export function AuditPage() {
  /** All that was read, those too that new ones have pushed from the first page. */
  const entries = useRef(new Map<number, AuditEntry>());
  const [older, setOlder] = useState<number | null | undefined>(undefined);
  const keep = (answer: AuditAnswer) => {
    for (const entry of answer.entries) entries.current.set(entry.id, entry);
  };
  const { answer, error } = usePoll<AuditAnswer>(PAGE, { onAnswer: keep });
  if (answer !== null) keep(answer);
  const next = older === undefined ? answer?.next : older;
  const readOlder = async () => {
    try {
      const page = await getJson<AuditAnswer>(`${PAGE}&before=${next}`);
      keep(page);
      setOlder(page.next);
    } catch (problem) {
      toastError("Could not read older entries", problem);
    }
  };
  const rows = [...entries.current.values()].toSorted((a, b) => b.id - a.id);
  return (
    <>
      <PageHead title="Audit" />
      <Warnings message={answer?.message} error={error} />
      {answer === null ? (
        <TableSkeleton rows={6} />
      ) : (
        <div class="card">
          {rows.length === 0 ? (
            <Nothing title="Nothing was done yet">
              <p>Every change that is made with these pages is written down here.</p>
            </Nothing>
          ) : (
            <Table caption="Audit trail" columns={COLUMNS} rows={rows} rowKey={({ id }) => String(id)} />
          )}
          {typeof next === "number" && (
            <div class="pages">
              <ActionButton onAction={readOlder}>Older</ActionButton>
            </div>
          )}
        </div>
      )}
    </>
  );
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { label: "When", cell: ({ timestamp }) => <time>{instant(timestamp * 1000)}</time> },
  { label: "Who", cell: (entry) => <Who entry={entry} /> },
  { label: "Action", cell: ({ action }) => <span title={action}>{actionInWords(action)}</span> },
  { label: "What", cell: (entry) => <What entry={entry} /> },
  { label: "Outcome", cell: (entry) => <OutcomeLabel entry={entry} /> },
];

function Who({ entry: { user, remote_ip, user_agent } }: { entry: AuditEntry }) {
  return (
    <span class="client" title={user_agent || undefined}>
      {user || remote_ip || "–"}
      {user !== "" && <small>{remote_ip}</small>}
    </span>
  );
}

function What({ entry: { topic, channel, node, message_id } }: { entry: AuditEntry }) {
  return (
    <span class="what">
      {topic !== "" && <a href={topicHref(topic)}>{topic}</a>}
      {channel !== "" && (
        <>
          {" / "}
          <a href={channelHref(topic, channel)}>{channel}</a>
        </>
      )}
      {node !== "" && (
        <>
          {" at "}
          <a href={nodeHref(node)}>{node}</a>
        </>
      )}
      {message_id !== "" && <code class="message-id">{message_id}</code>}
    </span>
  );
}

function OutcomeLabel({ entry }: { entry: AuditEntry }) {
  const { kind, text } = outcomeInWords(entry);
  const look = { done: "label label-good", unknown: "label", failed: "label label-danger" }[kind];
  return <span class={look}>{text}</span>;
}
