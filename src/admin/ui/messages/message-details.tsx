// All about a message, below its row.

import type { ComponentChildren } from "preact";
import type { MessageView } from "../../api.ts";
import { bytes, count, instant } from "../format.ts";
import { BodyView } from "./body-view.tsx";
import { MessageActions } from "./message-actions.tsx";
import { Since, Until } from "./now.tsx";
import type { Place } from "./place.ts";
import { useBody } from "./use-body.ts";

interface MessageDetailsProps {
  readonly place: Place;
  readonly message: MessageView;
  readonly isDeferred: boolean;
  readonly isAdmin: boolean;
  readonly onChanged: () => void;
}

export function MessageDetails({ place, message, ...rest }: MessageDetailsProps) {
  const body = useBody(place, message);
  return (
    <>
      <Facts {...message} />
      {!body.isWhole && (
        <p class="load-all">
          First {bytes(body.bytes.length)} of {bytes(message.size)}
          <button type="button" aria-busy={body.isLoading} onClick={() => void body.load()}>
            Load all
          </button>
        </p>
      )}
      <BodyView label={`Body of message ${message.id}`} bytes={body.bytes} isWhole={body.isWhole} />
      <MessageActions place={place} message={message} body={body} {...rest} />
    </>
  );
}

function Facts({ timestamp, attempts, size, due, delivered_at, deadline, client }: MessageView) {
  return (
    <dl class="facts">
      <Fact label="Published">
        {instant(timestamp)} (<Since at={timestamp} />)
      </Fact>
      <Fact label="Size">{bytes(size)}</Fact>
      <Fact label="Attempts">{count(attempts)}</Fact>
      {due !== null && (
        <Fact label="Due">
          {instant(due)} (<Until at={due} />)
        </Fact>
      )}
      {delivered_at !== null && <Fact label="Delivered">{instant(delivered_at)}</Fact>}
      {deadline !== null && (
        <Fact label="Times out">
          {instant(deadline)} (<Until at={deadline} />)
        </Fact>
      )}
      {client && (
        <Fact label="Client">
          {client.client_id} at {client.hostname} ({client.remote_address})
        </Fact>
      )}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
