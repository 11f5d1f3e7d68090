// When a channel saves its state (docs/decisions/0005): at once what must be known after a crash before anybody learns of it; the rest
// some time after the first change, or as soon as the channel comes to rest.

import type { ChannelQueue } from "../queue/channel-queue.ts";
import { Delay } from "./delay.ts";

export class Saver {
  readonly #delayMs: number;
  readonly #save: (queue: ChannelQueue, now: number) => void;
  readonly #timer: Delay;
  /** When it saved last, ms; a sleep is longer than it matters. */
  #savedAt = 0;

  /** `due` is called when the time has come: it is to call `saveNow`. */
  constructor(delayMs: number, save: (queue: ChannelQueue, now: number) => void, due: () => void) {
    this.#delayMs = delayMs;
    this.#save = save;
    this.#timer = new Delay(delayMs, due);
  }

  /** When it will save, ms: until then the object is awake. Null when there is nothing to save. */
  get dueAt(): number | null {
    return this.#timer.dueAt;
  }

  /** To be called before anything is sent. */
  beforeSending(queue: ChannelQueue, now: number): void {
    if (queue.saveNeed !== "now") return;
    this.saveNow(queue, now);
    // Answers will come that must be saved, too: until then the object is awake, and no alarm is worth its row.
    if (!queue.isAtRest) this.#timer.start(now);
  }

  /** To be called after each event: waits for more to save, unless there may be none for long and the object could sleep. */
  afterEvent(queue: ChannelQueue, now: number): void {
    if (queue.saveNeed !== "soon") return;
    if (!queue.isAtRest || now - this.#savedAt < this.#delayMs) {
      this.#timer.start(now);
    } else {
      this.#timer.cancel();
      this.saveNow(queue, now);
    }
  }

  saveNow(queue: ChannelQueue, now: number): void {
    if (queue.saveNeed === "none") return;
    this.#save(queue, now);
    this.#savedAt = now;
  }
}
