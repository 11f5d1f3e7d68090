// Publishes that are stored together, and who is to be told.

import { type ClientError, clientError } from "../protocol/errors.ts";
import { okFrames } from "../protocol/frame.ts";
import { mpubMessages } from "../protocol/mpub-body.ts";
import type { RecordWriter } from "../queue/record-writer.ts";
import { type Receipt, settle } from "../session/reply-queue.ts";
import type { Session } from "../session/session.ts";
import type { Publication } from "../session/session-host.ts";

/** What became of a publish. */
export type PublishOutcome = "stored" | "exiting" | "full" | "storage-full" | "failed";

interface Publisher {
  readonly session: Session;
  readonly receipt: Receipt;
  /** The first command, which an error names. */
  readonly command: Publication["command"];
}

const REASONS = {
  exiting: "exiting",
  full: "topic has reached max-topic-bytes",
  "storage-full": "storage is full",
  failed: "could not be stored",
} as const satisfies Record<Exclude<PublishOutcome, "stored">, string>;

export class PublishGroup {
  readonly #publishers: Publisher[] = [];
  readonly #callers: ((outcome: PublishOutcome) => void)[] = [];

  /** Reserves the place of a session's reply. */
  expect(publication: Publication, session: Session): void {
    const receipt = session.replies.expect(this);
    if (receipt.expected === 1) this.#publishers.push({ session, receipt, command: publication.command });
  }

  /** Tells how it went, once it is known. */
  outcome(): Promise<PublishOutcome> {
    return new Promise((resolve) => this.#callers.push(resolve));
  }

  get callerCount(): number {
    return this.#callers.length;
  }

  get hasSessions(): boolean {
    return this.#publishers.length > 0;
  }

  /** Answers all. Returns the sessions that have something to say now. */
  settle(outcome: PublishOutcome): Session[] {
    for (const { session, receipt, command } of this.#publishers) {
      if (outcome === "stored") settle(receipt, okFrames(receipt.expected), receipt.expected);
      else session.failPublish(receipt, publishError(command, outcome));
    }
    for (const caller of this.#callers) caller(outcome);
    return this.#publishers.map(({ session }) => session);
  }
}

/** Adds the messages of a publication to a writer. */
export function collect(publication: Publication, writer: RecordWriter, now: number): void {
  const { command, buffer, bodyStart, bodyEnd, deferMs } = publication;
  if (command === "MPUB") {
    for (const { from, to } of mpubMessages(buffer, bodyStart)) writer.add(buffer, from, to);
  } else {
    writer.add(buffer, bodyStart, bodyEnd, deferMs > 0 ? now + deferMs : 0);
  }
}

function publishError(command: Publication["command"], outcome: Exclude<PublishOutcome, "stored">): ClientError {
  return clientError(`E_${command}_FAILED`, `${command} failed ${REASONS[outcome]}`);
}
