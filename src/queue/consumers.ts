// The consumers of a channel, and whose turn it is.

import type { Consumer } from "./consumer.ts";

export class Consumers {
  readonly #byId = new Map<string, Consumer>();
  readonly #order: Consumer[] = [];
  /** The index of the next one to be served, or the end. */
  #turn = 0;

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Consumer | undefined {
    return this.#byId.get(id);
  }

  add(consumer: Consumer): void {
    this.#byId.set(consumer.id, consumer);
    this.#order.push(consumer);
  }

  remove(consumer: Consumer): void {
    if (!this.#byId.delete(consumer.id)) return;
    const index = this.#order.indexOf(consumer);
    this.#order.splice(index, 1);
    if (index < this.#turn) this.#turn--;
  }

  has(consumer: Consumer): boolean {
    return this.#byId.get(consumer.id) === consumer;
  }

  /**
   * The consumer with room whose turn it is, or with room that is worth a send; undefined when there is none. Its turn is over when it is
   * `served`.
   */
  next(isPatient = false): Consumer | undefined {
    for (let i = 0; i < this.#order.length; i++) {
      const index = (this.#turn + i) % this.#order.length;
      const consumer = this.#order[index] as Consumer;
      if (consumer.canBeServed(isPatient)) {
        this.#turn = index;
        return consumer;
      }
    }
    return undefined;
  }

  /** The consumer whose turn it was got something. */
  served(): void {
    this.#turn++;
  }

  /** How many consumers have room, or room that is worth a send. */
  ready(isPatient = false): number {
    let ready = 0;
    for (const consumer of this.#order) if (consumer.canBeServed(isPatient)) ready++;
    return ready;
  }

  /** Whether any has room, but for so little that it is not worth a send. */
  get isAnyNearlyFull(): boolean {
    return this.#order.some((consumer) => consumer.canBeServed(false) && !consumer.canBeServed(true));
  }

  /** Whether any consumer wants messages, be it when others are finished. */
  get isWanting(): boolean {
    return this.#order.some((consumer) => consumer.rdy > 0 && !consumer.isClosing);
  }

  [Symbol.iterator](): Iterator<Consumer> {
    return this.#byId.values();
  }
}
