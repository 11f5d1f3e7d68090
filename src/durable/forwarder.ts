// Publishes that a topic's or channel's object takes for other topics: sent on in order, one call a topic and event.

import { RecordWriter } from "../queue/record-writer.ts";
import type { Session } from "../session/session.ts";
import type { Publication } from "../session/session-host.ts";
import { collect, PublishGroup, type PublishOutcome } from "./publish-group.ts";

/** Stores records in a topic. */
export type PublishTo = (topic: string, records: Uint8Array) => Promise<PublishOutcome>;

interface Pending {
  readonly writer: RecordWriter;
  readonly group: PublishGroup;
}

export class Forwarder {
  readonly #publishTo: PublishTo;
  readonly #answered: (sessions: Session[]) => void;
  readonly #pending = new Map<string, Pending>();

  constructor(publishTo: PublishTo, answered: (sessions: Session[]) => void) {
    this.#publishTo = publishTo;
    this.#answered = answered;
  }

  /** Takes a session's publish; `flush` is to follow. */
  publish(publication: Publication, session: Session, now: number): void {
    let pending = this.#pending.get(publication.topic);
    if (!pending) {
      pending = { writer: new RecordWriter(), group: new PublishGroup() };
      this.#pending.set(publication.topic, pending);
    }
    collect(publication, pending.writer, now);
    pending.group.expect(publication, session);
  }

  /** Sends on what has come. */
  flush(): void {
    for (const [topic, { writer, group }] of this.#pending) void this.#send(topic, writer, group);
    this.#pending.clear();
  }

  async #send(topic: string, writer: RecordWriter, group: PublishGroup): Promise<void> {
    const calls = writer.take().map(({ bytes }) => this.#publishTo(topic, bytes));
    const outcomes = await Promise.all(calls.map((call) => call.catch(failed)));
    const outcome = outcomes.find((each) => each !== "stored") ?? "stored";
    this.#answered(group.settle(outcome));
  }
}

function failed(error: unknown): PublishOutcome {
  console.error("publish could not be sent on:", error);
  return "failed";
}
