// What was seen on one connection of a consumer: what it was sent, what it said, and what of that the broker has carried out for certain.

import type { Channel } from "./channel-record.ts";
import type { Ledger, Message } from "./ledger.ts";
import type { Moment } from "./orders.ts";

export type AnswerKind = "FIN" | "REQ" | "TOUCH";

export interface Answer {
  readonly kind: AnswerKind;
  /** Of a REQ, ms. */
  readonly delayMs: number;
  readonly id: string;
  readonly sent: Moment;
  /** When the broker was seen to have refused it. */
  failed: Moment | null;
  /** When the broker was seen to have carried it out. */
  proven: Moment | null;
}

export interface Delivery {
  readonly consumer: ConsumerRecord;
  readonly id: string;
  readonly body: string;
  /** Undefined when nobody published it. */
  readonly message: Message | undefined;
  readonly attempts: number;
  readonly life: number;
  readonly received: Moment;
  /** The broker sent it after this. */
  readonly after: Moment;
  /** FIN or REQ. */
  answer: Answer | null;
  touches: Answer[];
  /** A REQ of the delivery before may have meant this one. */
  isDoubtful: boolean;
  /** How many were in flight to the consumer with it at least, and how many may have been. */
  readonly inFlight: number;
  readonly rdy: number;
}

interface Barrier {
  readonly id: string;
  readonly sent: Moment;
}

interface Rdy {
  readonly count: number;
  readonly order: number;
}

const FAILURE = /^E_(FIN|REQ|TOUCH)_FAILED \1 (\S+) failed /;

export class ConsumerRecord {
  readonly channel: Channel;
  readonly msgTimeoutMs: number;
  readonly life: number;
  /** Whether it ended though the broker lived on. */
  isClosed = false;
  maxRdy = 0;
  readonly #ledger: Ledger;
  /** Unanswered, by id. */
  readonly #held = new Map<string, Delivery>();
  /** The last delivery of each id. */
  readonly #last = new Map<string, Delivery>();
  /** Sent, and not known to be carried out or refused. */
  #pending: Answer[] = [];
  readonly #barriers: Barrier[] = [];
  /** Those that may be in force. */
  #rdys: Rdy[] = [{ count: 0, order: -1 }];
  /** Everything it is sent comes after this. */
  #reached: Moment;
  #barrierCount = 0;

  constructor(ledger: Ledger, channel: Channel, msgTimeoutMs: number) {
    this.#ledger = ledger;
    this.channel = channel;
    this.msgTimeoutMs = msgTimeoutMs;
    this.life = ledger.life;
    this.#reached = ledger.moment();
  }

  /** RDY is sent now. */
  readying(count: number): void {
    const moment = this.#ledger.moment();
    if (this.maxRdy === 0) this.#reached = moment; // before it nothing was sent
    this.#rdys.push({ count, order: moment.order });
    this.maxRdy = Math.max(this.maxRdy, count);
  }

  delivered(id: string, attempts: number, body: string): Delivery {
    const received = this.#ledger.moment();
    const message = this.#ledger.message(body);
    const sent = message?.publish.sent;
    const after = sent !== undefined && sent.order > this.#reached.order ? sent : this.#reached;
    const rdy = Math.max(...this.#rdys.map(({ count }) => count));
    const inFlight = this.#countInFlight(received.at, id) + 1;
    const seen = { id, body, message, attempts, life: this.life, received, after, rdy, inFlight };
    const delivery: Delivery = { ...seen, consumer: this, answer: null, touches: [], isDoubtful: false };
    if (message) message.seen ??= received;
    const before = this.#last.get(id);
    if (before) this.#handOn(before, delivery);
    this.#last.set(id, delivery);
    if (delivery.answer === null) this.#held.set(id, delivery);
    const others = this.channel.deliveries.get(id);
    if (others) others.push(delivery);
    else this.channel.deliveries.set(id, [delivery]);
    if (attempts > 1) this.#ledger.saw("redelivered");
    return delivery;
  }

  /**
   * A message comes again on the same connection, before it is known what became of what was said of it. It timed out, so that is
   * still to come to the broker and will mean the new delivery: had it come before, it would have been refused by now. Only a REQ may
   * be why it comes again; when it cannot be told which is so, nothing more will be known.
   */
  #handOn(before: Delivery, delivery: Delivery): void {
    const isOpen = (answer: Answer) => this.#pending.includes(answer);
    delivery.touches = before.touches.filter(isOpen);
    before.touches = before.touches.filter((answer) => !isOpen(answer));
    const { answer } = before;
    if (answer === null || !isOpen(answer)) return;
    if (answer.kind === "FIN") {
      delivery.answer = answer;
      before.answer = null;
    } else if (delivery.received.at >= deadlineOf(before)) {
      delivery.isDoubtful = true;
      this.#pending = this.#pending.filter((pending) => pending !== answer);
    }
  }

  /** FIN, REQ or TOUCH is sent now; what has an answer gets no other. */
  answering(delivery: Delivery, kind: AnswerKind, delayMs = 0): void {
    const sent = this.#ledger.moment();
    const answer: Answer = { kind, delayMs, id: delivery.id, sent, failed: null, proven: null };
    this.#pending.push(answer);
    if (kind === "TOUCH") {
      delivery.touches.push(answer);
      return;
    }
    delivery.answer = answer;
    this.#held.delete(delivery.id);
  }

  /** A FIN is sent now whose answer proves that everything before it was carried out. Returns its id, which names no message. */
  barring(): string {
    const id = (this.#barrierCount++).toString().padStart(16, "z");
    this.#barriers.push({ id, sent: this.#ledger.moment() });
    return id;
  }

  get isAllProven(): boolean {
    return this.#barriers.length === 0 && this.#pending.length === 0;
  }

  /** An error frame came. */
  refused(text: string): void {
    const [, kind, id] = FAILURE.exec(text) ?? [];
    if (kind === "FIN" && id !== undefined && id === this.#barriers[0]?.id) {
      this.#prove();
      return;
    }
    const meant = this.#pending.filter((answer) => answer.kind === kind && answer.id === id);
    if (meant.length === 0) this.#ledger.surprised(`a consumer of ${this.channel.name} was told ${text}`);
    // Of several it is not known which one; then nothing will be known of any.
    if (meant.length === 1) (meant[0] as Answer).failed = this.#ledger.moment();
    this.#pending = this.#pending.filter((answer) => !meant.includes(answer));
  }

  #prove(): void {
    const { sent } = this.#barriers.shift() as Barrier;
    const proven = this.#ledger.moment();
    const isBefore = (answer: Answer) => answer.sent.order < sent.order;
    for (const answer of this.#pending.filter(isBefore)) answer.proven = proven;
    this.#pending = this.#pending.filter((answer) => !isBefore(answer));
    const inForce = this.#rdys.findLastIndex(({ order }) => order < sent.order);
    this.#rdys = this.#rdys.slice(Math.max(0, inForce));
    this.#reached = sent;
    this.#ledger.saw("proven");
  }

  /** Without those that may have timed out, and without `id`. */
  #countInFlight(now: number, id: string): number {
    let count = 0;
    for (const delivery of this.#held.values()) if (delivery.id !== id && now < deadlineOf(delivery)) count++;
    return count;
  }
}

/** A message that is not answered does not time out before this, ms: the broker counts from when it sent it. */
export function deadlineOf({ after, message, consumer, touches }: Delivery): number {
  const due = message ? message.publish.sent.at + message.publish.deferMs : 0;
  let deadline = Math.max(after.at, due) + consumer.msgTimeoutMs;
  for (const { sent, proven } of touches) {
    if (proven !== null) deadline = Math.max(deadline, sent.at + consumer.msgTimeoutMs);
  }
  return deadline;
}
