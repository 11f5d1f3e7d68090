// What nsqlookupd knows: where it is, and the topics that nobody produces any more.

import type { InactiveTopicsAnswer } from "../../api.ts";
import { ActionButton } from "../action-button.tsx";
import { deleteInactive } from "../actions.ts";
import { Card } from "../card.tsx";
import { CreateForm } from "../create-form.tsx";
import { DeleteIcon } from "../icons.tsx";
import { info, isAdmin } from "../info.ts";
import { Nothing, TableSkeleton, Warnings } from "../notices.tsx";
import { PageHead } from "../page-head.tsx";
import { usePoll } from "../poll.ts";
import { path } from "../request.ts";
import { channelHref, topicHref } from "../router.ts";

export function LookupPage() {
  const { answer, error, reload } = usePoll<InactiveTopicsAnswer>(`${path("topics")}?inactive=true`);
  return (
    <>
      <PageHead title="Lookup" />
      <Warnings message={answer?.message} error={error} />
      <div class="columns">
        {answer === null ? <TableSkeleton /> : <Inactive topics={answer.topics} reload={reload} />}
        <div class="column">
          <Card title="nsqlookupd Hosts">
            <ul class="plain-list">
              {info.value?.nsqlookupd.map((host) => (
                <li key={host}>
                  <code>{host}</code>
                </li>
              ))}
            </ul>
          </Card>
          {isAdmin() && (
            <Card title="Create Topic/Channel">
              <CreateForm onCreated={reload} />
            </Card>
          )}
        </div>
      </div>
    </>
  );
}

function Inactive({ topics, reload }: Pick<InactiveTopicsAnswer, "topics"> & { reload: () => void }) {
  const all = Object.entries(topics);
  return (
    <Card title="Topics without a producer">
      {all.length === 0 ? (
        <Nothing title="No inactive topics">
          <p>Every topic that is known has a node that produces it.</p>
        </Nothing>
      ) : (
        <ul class="tree">
          {all.map(([topic, channels]) => (
            <li key={topic}>
              <Leaf href={topicHref(topic)} name={topic} onDelete={() => deleteInactive(topic).then(reload)} />
              {channels !== null && channels.length > 0 && (
                <ul>
                  {channels.map((channel) => (
                    <li key={channel}>
                      <Leaf
                        href={channelHref(topic, channel)}
                        name={channel}
                        onDelete={() => deleteInactive(topic, channel).then(reload)}
                      />
                    </li>
                  ))}
                </ul>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Leaf({ href, name, onDelete }: { href: string; name: string; onDelete: () => Promise<unknown> }) {
  return (
    <span class="with-action">
      <a href={href}>{name}</a>
      {isAdmin() && (
        <ActionButton class="quiet" label={`Delete ${name}`} onAction={onDelete}>
          <DeleteIcon />
        </ActionButton>
      )}
    </span>
  );
}
