// Stores what is published to a topic, in as few rows as possible: publishes that arrive while an earlier row is not yet
// confirmed share the next one (design 4).

import { RecordWriter, SEGMENT_SIZE, type Segment } from "../queue/record-writer.ts";
import type { Session } from "../session/session.ts";
import type { Publication } from "../session/session-host.ts";
import { Gathering } from "./gathering.ts";
import { collect, PublishGroup, type PublishOutcome } from "./publish-group.ts";

export interface PublisherHost {
  /** Stores messages at once; what it has written goes out only when it is durable. */
  store(segments: Segment[]): PublishOutcome;
  /** Resolves when everything written so far is durable. */
  confirmed(): Promise<void>;
  /** Resolves when a stored publish may be answered; null when it may at once. */
  ready(): Promise<void> | null;
}

/** So many turns of the event loop in a row bring nothing when nothing more is on its way. */
const QUIET_TURNS = 4;
/** A row waits no longer than so many turns: who sends without end must not hold up the others. */
const MAX_TURNS = 100;

export class Publisher {
  readonly #host: PublisherHost;
  /** How long the first of some publishes waits for others, ms. */
  readonly #lingerMs: number;
  /** These sessions have something to say now. */
  readonly #answered: (sessions: Session[]) => void;
  readonly #writer = new RecordWriter();
  readonly #gathering = new Gathering();
  #group = new PublishGroup();
  #isWaiting = false;

  constructor(host: PublisherHost, lingerMs: number, answered: (sessions: Session[]) => void) {
    this.#host = host;
    this.#lingerMs = lingerMs;
    this.#answered = answered;
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
    this.#gathering.came(this.#group.callerCount);
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
    else this.#waitFor(new Promise((resolve) => setTimeout(resolve, this.#lingerMs)), () => this.#store());
  }

  #store(): void {
    const group = this.#group;
    this.#group = new PublishGroup();
    const outcome = this.#host.store(this.#writer.take());
    const answer = () => this.#answered(group.settle(outcome));
    const ready = this.#host.ready();
    if (ready === null) answer();
    else void ready.then(answer);
    if (!this.#isWaiting) this.#waitFor(this.#gathered(group), () => this.flush());
  }

  /** Resolves when a row is durable and those who share the next one are here. */
  async #gathered({ callerCount, hasSessions }: PublishGroup): Promise<void> {
    await this.#host.confirmed();
    if (hasSessions) await this.#quiet();
    else if (this.#lingerMs === 0) await this.#gathering.begin(callerCount, this.#group.callerCount);
  }

  /**
   * Resolves when what came while a row was made durable is whole. Each message of a socket is an event of its own, and where a commit
   * blocks the event loop they queue up behind it: asking whether what is durable is so lets in one at a time.
   */
  async #quiet(): Promise<void> {
    if (this.#writer.size === 0) return;
    for (let turns = 0, quiet = 0; turns < MAX_TURNS && quiet < QUIET_TURNS; turns++) {
      const before = this.#writer.count;
      await this.#host.confirmed();
      quiet = this.#writer.count === before ? quiet + 1 : 0;
    }
  }

  #waitFor(promise: Promise<void>, then: () => void): void {
    this.#isWaiting = true;
    void promise.then(() => {
      this.#isWaiting = false;
      then();
    });
  }
}
