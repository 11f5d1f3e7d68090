// "Look inside": the messages of a topic or channel, without disturbing them.

import { useId, useRef, useState } from "preact/hooks";
import type { MessageList as ListName } from "../../api.ts";
import { FollowView } from "./follow-view.tsx";
import { MessageList } from "./message-list.tsx";
import { useTime } from "./now.tsx";
import { type Tab, Tabs, tabId } from "./tabs.tsx";

interface LookInsideProps {
  readonly topic: string;
  /** Null to look into the topic itself. */
  readonly channel: string | null;
  /** `host:port` of the broker's own node. */
  readonly node: string;
  readonly hasOtherNodes: boolean;
  readonly counts: {
    readonly waiting: number | null;
    readonly in_flight: number | null;
    readonly deferred: number | null;
  };
  readonly isAdmin: boolean;
  /** After something was done to a message. */
  readonly onChanged: () => void;
}

const DEFAULT_LIMIT = 50;

export function LookInside({ topic, channel, node, hasOtherNodes, counts, isAdmin, onChanged }: LookInsideProps) {
  useTime();
  const id = useId();
  const panelId = `${id}-panel`;
  const panel = useRef<HTMLDivElement>(null);
  const [list, setList] = useState<ListName>("waiting");
  const [limit, setLimit] = useState(DEFAULT_LIMIT);
  const [isFollowing, setFollowing] = useState(false);
  return (
    <section class="card look-inside" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>Look inside</h2>
        <p class="muted">
          Looking changes nothing: no attempt, no order, no counter.
          {hasOtherNodes && ` Only messages on ${node} can be looked at.`}
        </p>
        <button
          type="button"
          aria-pressed={isFollowing}
          title={`Show what is published to topic ${topic} as it comes`}
          onClick={() => setFollowing(!isFollowing)}
        >
          Follow
        </button>
      </div>
      {isFollowing ? (
        <FollowView topic={topic} />
      ) : (
        <>
          <Tabs label="Messages" tabs={tabsOf(channel, counts)} selected={list} panelId={panelId} onSelect={setList} />
          <div ref={panel} id={panelId} role="tabpanel" tabIndex={-1} aria-labelledby={tabId(panelId, list)}>
            <MessageList
              key={list}
              place={{ topic, channel }}
              list={list}
              limit={limit}
              onLimit={setLimit}
              isAdmin={isAdmin}
              onChanged={() => {
                // The message goes away, and the button with it.
                panel.current?.focus({ preventScroll: true });
                onChanged();
              }}
            />
          </div>
        </>
      )}
    </section>
  );
}

function tabsOf(channel: string | null, counts: LookInsideProps["counts"]): Tab<ListName>[] {
  const waiting = { id: "waiting", label: "Waiting", count: counts.waiting } as const;
  const deferred = { id: "deferred", label: "Deferred", count: counts.deferred } as const;
  if (channel === null) return [waiting, deferred, { id: "latest", label: "Latest", count: null }];
  return [waiting, { id: "in_flight", label: "In flight", count: counts.in_flight }, deferred];
}
