// Stores what is published to a topic, in as few rows as possible: publishes that arrive while an earlier row is not yet
// confirmed share the next one (design 4).

import { RecordWriter, SEGMENT_SIZE, type Segment } from "../queue/record-writer.ts";
import type { Session } from "../session/session.ts";
import type { Publication } from "../session/session-host.ts";
import { collect, PublishGroup, type PublishOutcome } from "./publish-group.ts";

export interface PublisherHost {
  /** Stores messages at once; what it has written goes out only when it is durable. */
  store(segments: Segment[]): PublishOutcome;
  /** Resolves when everything written so far is durable. */
  confirmed(): Promise<void>;
  /** Resolves when a stored publish may be answered; null when it may at once. */
  ready(): Promise<void> | null;
}

export interface PublisherEvents {
  /** These sessions have something to say now. */
  answered(sessions: Session[]): void;
  /** All that came is stored and confirmed. */
  rested(): void;
}

/** How often in a row the event loop brings nothing before nothing more is on its way. */
const QUIET_TURNS = 4;
/** How often at most a row waits for more: who sends without end must not hold up the others. */
const MAX_TURNS = 100;

export class Publisher {
  readonly #host: PublisherHost;
  /** How long the first of some publishes waits for others, ms. */
  readonly #lingerMs: number;
  readonly #events: PublisherEvents;
  readonly #writer = new RecordWriter();
  #group = new PublishGroup();
  #isWaiting = false;

  constructor(host: PublisherHost, lingerMs: number, events: PublisherEvents) {
    this.#host = host;
    this.#lingerMs = lingerMs;
    this.#events = events;
  }

  /** Whether nothing is being stored, or waits to be. */
  get isAtRest(): boolean {
    return !this.#isWaiting;
  }

  /** Takes a session's publish; `flush` is to follow. */
  publish(publication: Publication, session: Session, now: number): void {
    collect(publication, this.#writer, now);
    this.#group.expect(publication, session);
  }

  /** Takes records from another isolate, and stores them with the next flush. */
  publishRecords(records: Uint8Array): Promise<PublishOutcome> {
    this.#writer.addRecords(records);
    const outcome = this.#group.outcome();
    this.flush();
    return outcome;
  }

  /** Stores what has come, unless waiting a little lets others join; a full row never waits. */
  flush(): void {
    if (this.#writer.size >= SEGMENT_SIZE) this.#store();
    else if (!this.#isWaiting && this.#writer.size > 0) this.#begin();
  }

  #begin(): void {
    if (this.#lingerMs === 0) this.#store();
    else
      this.#waitFor(
        () => new Promise((resolve) => setTimeout(resolve, this.#lingerMs)),
        () => this.#store(),
      );
  }

  #store(): void {
    const group = this.#group;
    this.#group = new PublishGroup();
    const outcome = this.#host.store(this.#writer.take());
    if (!this.#isWaiting)
      this.#waitFor(
        () => this.#settled(),
        () => this.flush(),
      );
    const answer = () => this.#events.answered(group.settle(outcome));
    const ready = this.#host.ready();
    if (ready === null) answer();
    else void ready.then(answer);
  }

  /**
   * Resolves when the last row is confirmed, and what came meanwhile is whole. Each message of a socket is an event of its own, and
   * where a commit blocks the event loop they queue behind it: asking again what is confirmed already lets in one at a time.
   */
  async #settled(): Promise<void> {
    await this.#host.confirmed();
    if (this.#writer.size === 0) return;
    for (let turns = 0, quiet = 0; turns < MAX_TURNS && quiet < QUIET_TURNS; turns++) {
      const before = this.#writer.count;
      await this.#host.confirmed();
      quiet = this.#writer.count === before ? quiet + 1 : 0;
    }
  }

  #waitFor(what: () => Promise<void>, then: () => void): void {
    this.#isWaiting = true;
    void what().then(() => {
      this.#isWaiting = false;
      then();
      if (this.isAtRest) this.#events.rested();
    });
  }
}
