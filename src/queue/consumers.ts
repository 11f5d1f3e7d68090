// The consumers of a channel, and whose turn it is.

import type { Consumer } from "./consumer.ts";

/** Whether a consumer can be served. */
type CanBeServed = (consumer: Consumer) => boolean;

export const hasRoom: CanBeServed = ({ room }) => room > 0;
export const isWorthASend: CanBeServed = (consumer) => consumer.isWorthASend;

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

  /** The consumer whose turn it is, of those that can be served; undefined when there is none. Its turn is over when it is `served`. */
  next(canBeServed = hasRoom): Consumer | undefined {
    for (let i = 0; i < this.#order.length; i++) {
      const index = (this.#turn + i) % this.#order.length;
      const consumer = this.#order[index] as Consumer;
      if (canBeServed(consumer)) {
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

  /** How many consumers can be served. */
  ready(canBeServed = hasRoom): number {
    let ready = 0;
    for (const consumer of this.#order) if (canBeServed(consumer)) ready++;
    return ready;
  }

  /** Whether any has room, but for so little that it is not worth a send. */
  get isCrowded(): boolean {
    return this.#order.some((consumer) => hasRoom(consumer) && !isWorthASend(consumer));
  }

  /** Whether any consumer wants messages, be it when others are finished. */
  get isWanting(): boolean {
    return this.#order.some((consumer) => consumer.rdy > 0 && !consumer.isClosing);
  }

  [Symbol.iterator](): Iterator<Consumer> {
    return this.#byId.values();
  }
}
