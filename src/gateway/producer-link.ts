// What a client publishes to one topic, on its way to the topic's object, and the replies that come back.

import type { SocketIntroduction } from "../durable/introduction.ts";
import { readInt32 } from "../protocol/bytes.ts";
import { Fifo } from "../protocol/fifo.ts";
import { FrameType } from "../protocol/frame.ts";
import { type Receipt, settle } from "../session/reply-queue.ts";
import type { Session } from "../session/session.ts";
import type { Publication } from "../session/session-host.ts";
import { ObjectLink } from "./object-link.ts";

export interface ProducerEvents {
  /** Replies came. */
  answered(): void;
  /** The topic refused a publish with an error frame. */
  refused(receipt: Receipt, frame: Uint8Array): void;
  /** The link is gone; `isOwed` when replies are. */
  closed(isOwed: boolean): void;
}

interface Sent {
  replies: number;
  bytes: number;
}

export class ProducerLink {
  readonly #link: ObjectLink;
  readonly #events: ProducerEvents;
  /** Receipts that are owed replies, in order. */
  readonly #receipts = new Fifo<Receipt>();
  /** What was sent at a time and is not yet answered, in order. */
  readonly #sent = new Fifo<Sent>();
  #next: Sent = { replies: 0, bytes: 0 };
  #outstanding = 0;

  constructor(object: Pick<Fetcher, "fetch">, introduction: SocketIntroduction, events: ProducerEvents) {
    this.#events = events;
    this.#link = new ObjectLink(object, introduction, {
      data: (bytes) => this.#answered(bytes),
      closed: () => events.closed(this.#receipts.size > 0),
    });
  }

  /** Whether nothing is owed, or waits to be sent. */
  get isIdle(): boolean {
    return this.#receipts.size === 0;
  }

  /** Bytes that were published and not answered. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Passes a publish on with the next flush. */
  publish({ buffer, start, bodyEnd }: Publication, session: Session): void {
    this.#link.add(buffer, start, bodyEnd);
    const receipt = session.replies.expect(this);
    if (this.#receipts.last !== receipt) this.#receipts.push(receipt);
    this.#next.replies++;
    this.#next.bytes += bodyEnd - start;
    this.#outstanding += bodyEnd - start;
  }

  flush(): void {
    if (this.#next.replies === 0) return;
    this.#sent.push(this.#next);
    this.#next = { replies: 0, bytes: 0 };
    this.#link.flush();
  }

  close(): void {
    this.#link.close();
  }

  /** Shares out frames among the receipts: a message of an object holds whole frames. */
  #answered(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const receipt = this.#receipts.first;
      if (!receipt) break; // an object says nothing that it was not asked
      const from = at;
      let count = 0;
      const owed = receipt.expected - receipt.settled;
      while (at < bytes.length && count < owed) {
        const end = at + 4 + readInt32(bytes, at);
        if (readInt32(bytes, at + 4) === FrameType.error) {
          settle(receipt, bytes.subarray(from, at), count);
          this.#receipts.takeAll(); // nothing more is answered: the object closes the link now
          this.#events.refused(receipt, bytes.subarray(at, end));
          return;
        }
        at = end;
        count++;
      }
      settle(receipt, bytes.subarray(from, at), count);
      this.#take(count);
      if (receipt.settled === receipt.expected) this.#receipts.shift();
    }
    this.#events.answered();
  }

  /** Takes note of so many replies. */
  #take(replies: number): void {
    let left = replies;
    for (let sent = this.#sent.first; sent !== undefined && left > 0; sent = this.#sent.first) {
      const taken = Math.min(left, sent.replies);
      sent.replies -= taken;
      left -= taken;
      if (sent.replies > 0) return;
      this.#outstanding -= sent.bytes;
      this.#sent.shift();
    }
  }
}
