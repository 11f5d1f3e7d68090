// What is published to a topic, as it comes, newest on top.

import { useEffect, useState } from "preact/hooks";
import type { MessageView } from "../../api.ts";
import { counted } from "../format.ts";
import { Nothing } from "../notices.tsx";
import { follow } from "./follow.ts";
import { MessageTable } from "./message-table.tsx";
import { Trouble } from "./trouble.tsx";

const KEPT = 200;

export function FollowView({ topic }: { topic: string }) {
  const [messages, setMessages] = useState<readonly MessageView[]>([]);
  const [total, setTotal] = useState(0);
  const [hasStarted, setStarted] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const onMessages = (news: readonly MessageView[]) => {
      setMessages((before) => [...news.toReversed(), ...before].slice(0, KEPT));
      setTotal((before) => before + news.length);
    };
    return follow(topic, { onStart: () => setStarted(true), onMessages, onTrouble: setError });
  }, [topic]);
  return (
    <div aria-live="off">
      <p class="followed">
        {counted(total, "new message")} of topic {topic}
        {total > KEPT && `, the last ${KEPT} shown`}
      </p>
      {error !== null && <Trouble what="Trying again" error={error} />}
      {messages.length === 0 ? (
        <Nothing title={hasStarted ? "Waiting for the next message" : "Looking where the topic ends"} />
      ) : (
        <MessageTable
          place={{ topic, channel: null }}
          list="latest"
          caption={`New messages of topic ${topic}`}
          messages={messages}
          isAdmin={false}
          onChanged={() => {}}
        />
      )}
    </div>
  );
}
