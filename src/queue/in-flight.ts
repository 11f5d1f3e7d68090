// The messages in flight of a channel, by seq, with their deadlines: those that were delivered for the first time in flights, all others
// on their own.

import type { Flight } from "./flight.ts";
import type { Unfinished } from "./unfinished.ts";

export class InFlight {
  /** Keys are offsets from here: small integers, which the engine hashes much faster than a whole seq. */
  readonly #base: number;
  readonly #messages = new Map<number, Unfinished>();
  /** In the order of the log; those that have nothing in flight any more go when they are the most. */
  #flights: Flight[] = [];
  #emptyFlights = 0;
  /** How many messages the flights have. */
  #flying = 0;
  /** The flight that was asked for last: consumers answer in order, mostly. */
  #current: Flight | null = null;
  /** No deadline is before this; finishing a message does not move it. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(base: number) {
    this.#base = base;
  }

  get size(): number {
    return this.#flying + this.#messages.size;
  }

  /** When the next message may time out; Infinity when none can. It may be early, never late. */
  get earliest(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#earliest;
  }

  /** Messages were delivered for the first time; all before them in the log were so earlier. */
  start(flight: Flight): void {
    this.#flights.push(flight);
    this.#flying += flight.size;
    if (flight.at < this.#earliest) this.#earliest = flight.at;
  }

  /** The flight that has a message; null when it is in flight on its own, or not at all. */
  flightOf(seq: number): Flight | null {
    if (this.#current?.has(seq)) return this.#current;
    const flight = this.#flights[this.#indexOf(seq)];
    if (!flight?.has(seq)) return null;
    this.#current = flight;
    return flight;
  }

  /** A message of a flight is not in flight any more. Returns where its frame ended in the stream of its owner's messages. */
  land(flight: Flight, seq: number): number {
    const position = flight.land(seq);
    this.#left(flight);
    return position;
  }

  /** A message; one that is in a flight leaves it, but stays in flight. */
  get(seq: number): Unfinished | undefined {
    const flight = this.flightOf(seq);
    if (flight) this.#scatter(flight, [seq]);
    return this.#messages.get(seq - this.#base);
  }

  add(message: Unfinished): void {
    this.#messages.set(message.seq - this.#base, message);
    if (message.at < this.#earliest) this.#earliest = message.at;
  }

  remove(message: Unfinished): void {
    this.#messages.delete(message.seq - this.#base);
  }

  /** Moves a message's deadline to `message.at`. */
  reschedule(message: Unfinished): void {
    if (message.at < this.#earliest) this.#earliest = message.at;
  }

  /** Takes out the messages whose time has run out, in order of their deadlines. */
  expire(now: number): Unfinished[] {
    if (now < this.earliest) return [];
    for (const flight of this.flights) if (flight.at <= now) this.#scatter(flight, flight);
    const expired: Unfinished[] = [];
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const { at } of this.flights) this.#earliest = Math.min(this.#earliest, at);
    for (const message of this.#messages.values()) {
      if (message.at <= now) expired.push(message);
      else if (message.at < this.#earliest) this.#earliest = message.at;
    }
    for (const message of expired) this.remove(message);
    return expired.sort((a, b) => a.at - b.at || a.seq - b.seq);
  }

  /** Lets go of flights that were sent before `time`, or of which hardly anything is left: their messages stay, each on its own. */
  settle(time: number): void {
    for (const flight of this.flights) {
      if (flight.deliveredAt < time || flight.isSparse) this.#scatter(flight, flight);
    }
  }

  clear(): void {
    this.#messages.clear();
    this.#flights = [];
    this.#emptyFlights = 0;
    this.#flying = 0;
    this.#current = null;
    this.#earliest = Number.POSITIVE_INFINITY;
  }

  /** In the order of the log. */
  get flights(): Flight[] {
    return this.#flights.filter(({ size }) => size > 0);
  }

  /** The lowest seq in a flight; Infinity when there is none. */
  get lowest(): number {
    for (const seq of this.flights[0] ?? []) return seq;
    return Number.POSITIVE_INFINITY;
  }

  /** Those that are in flight on their own. */
  get messages(): Iterable<Unfinished> {
    return this.#messages.values();
  }

  /** Up to `limit` messages, by seq, behind `after`; those of flights stay there. */
  look(after: number, limit: number): Unfinished[] {
    const found = [...this.#messages.values()].filter(({ seq }) => seq > after);
    for (const flight of this.flights) found.push(...flight.look(after, limit));
    return found.sort((a, b) => a.seq - b.seq).slice(0, limit);
  }

  #scatter(flight: Flight, seqs: Iterable<number>): void {
    for (const seq of seqs) {
      this.add(flight.take(seq));
      this.#left(flight);
    }
  }

  /** A flight has one message less. */
  #left(flight: Flight): void {
    this.#flying--;
    if (flight.size > 0) return;
    this.#emptyFlights++;
    if (2 * this.#emptyFlights < this.#flights.length) return;
    this.#flights = this.flights;
    this.#emptyFlights = 0;
  }

  /** The index of the last flight that begins at `seq` or before, by bisection; -1 when there is none. */
  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#flights.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#flights[middle] as Flight).first <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
