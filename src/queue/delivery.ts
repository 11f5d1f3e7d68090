// Gives a channel's consumers what they have room for (nsqd/protocol_v2.go messagePump): first deliveries from the log, as runs of
// frames, and further ones between them, in turns.

import { writeAttempts } from "../protocol/message.ts";
import type { Backlog } from "./backlog.ts";
import type { Run } from "./batch-window.ts";
import type { Consumer } from "./consumer.ts";
import type { Consumers } from "./consumers.ts";
import { Flight } from "./flight.ts";
import type { InFlight } from "./in-flight.ts";
import type { LatencyMeter } from "./latency-meter.ts";
import type { SaveNeed } from "./save-need.ts";
import type { Unfinished } from "./unfinished.ts";

/**
 * What is unfinished may take so much of the state's row, bytes. A row holds 2 MB (platform notes A1); the rest is for consumers' names, and
 * for how long messages took.
 */
const MAX_STATE_BYTES = 1_680_000;
/** Of that an unfinished message takes so much at most: there are 80,000, and 60,000 where 7 bytes more say when each was published. */
const MESSAGE_BYTES = 21;

export class Delivery {
  readonly #backlog: Backlog;
  readonly #inFlight: InFlight;
  readonly #consumers: Consumers;
  readonly #saveNeed: SaveNeed;
  readonly #latency: LatencyMeter;
  /** Between 0 and 1, for sampling. */
  readonly #random: () => number;

  constructor(
    backlog: Backlog,
    inFlight: InFlight,
    consumers: Consumers,
    saveNeed: SaveNeed,
    latency: LatencyMeter,
    random: () => number,
  ) {
    this.#backlog = backlog;
    this.#inFlight = inFlight;
    this.#consumers = consumers;
    this.#saveNeed = saveNeed;
    this.#latency = latency;
    this.#random = random;
  }

  /** How many more messages may be taken: the state of all that are unfinished must fit into a row. */
  get room(): number {
    const most = Math.floor(MAX_STATE_BYTES / (MESSAGE_BYTES + this.#latency.stateBytes));
    return most - this.#inFlight.size - this.#backlog.size;
  }

  /** Fills the outboxes of consumers with room; when it is patient, with room that is worth a send. Returns those that got something. */
  dispatch(now: number, isPatient: boolean): ReadonlySet<Consumer> {
    const served = new Set<Consumer>();
    const share = Math.ceil(this.#backlog.fresh / Math.max(1, this.#consumers.ready(isPatient)));
    for (let consumer = this.#consumers.next(isPatient); consumer; consumer = this.#consumers.next(isPatient)) {
      const outcome = this.#deliverNext(consumer, Math.max(1, share), now);
      if (outcome === "nothing") break;
      if (outcome === "passed") continue;
      this.#consumers.served();
      served.add(consumer);
    }
    return served;
  }

  /** Gives a consumer what comes next; "passed" when that was put aside, or there may be more now. */
  #deliverNext(consumer: Consumer, share: number, now: number): "delivered" | "passed" | "nothing" {
    const waited = this.#backlog.takeWaiting();
    if (waited) return this.#deliverWaited(waited, consumer, now) ? "delivered" : "passed";
    const deferred = this.#backlog.deferred.size;
    const { cursor } = this.#backlog;
    const limit = consumer.settings.sampleRate > 0 ? 1 : Math.min(consumer.room, share, this.room);
    const run = this.#backlog.takeRun(limit, now);
    const hasDeferred = this.#backlog.deferred.size > deferred;
    // What is deferred must be known after a crash, or its body's place in the log would be passed by.
    if (hasDeferred) this.#saveNeed.add("now");
    if (run) return this.#deliverRun(run, consumer, now) ? "delivered" : "passed";
    const hasMoved = this.#backlog.cursor > cursor; // what comes may have its turn now
    return hasMoved || this.#backlog.release(now, this.room) ? "passed" : "nothing";
  }

  /** False when it is dropped. */
  #deliverRun(run: Run, consumer: Consumer, now: number): boolean {
    this.#saveNeed.add("soon");
    if (this.#isSampledOut(consumer)) return false;
    const { first, frames, ends } = run;
    this.#inFlight.start(new Flight(first, ends, consumer, now, this.#latency.timesOf(frames, ends)));
    consumer.sent(frames, ends.length);
    return true;
  }

  /** False when it is dropped. */
  #deliverWaited(message: Unfinished, consumer: Consumer, now: number): boolean {
    if (this.#isSampledOut(consumer)) {
      this.#backlog.finish(message);
      this.#saveNeed.add("soon");
      return false;
    }
    const frame = (message.frame as Uint8Array).slice();
    message.attempts++;
    writeAttempts(frame, 0, message.attempts);
    message.owner = consumer;
    message.position = consumer.sentBytes + frame.length;
    message.deliveredAt = now;
    message.publishedAt = this.#latency.publishedAt(frame);
    message.at = now + consumer.settings.msgTimeoutMs;
    message.frame = null;
    this.#inFlight.add(message);
    consumer.sent([frame], 1);
    // Saved before the frame goes out, so that attempts never fall, even after a crash.
    this.#saveNeed.add(message.attempts > 1 ? "now" : "soon");
    return true;
  }

  /** N lets N + 1 of 100 pass, as nsqd does (spec 1.17). */
  #isSampledOut(consumer: Consumer): boolean {
    const rate = consumer.settings.sampleRate;
    return rate > 0 && Math.floor(this.#random() * 100) > rate;
  }
}
