// A message that a consumer received, and what can be answered to it.

import { fromUtf8, toByteString } from "../protocol/bytes.ts";

/**
 * What became of an answer: `sent`, or why it was not. What timed out or whose connection is gone is delivered again, perhaps to
 * somebody else.
 */
export type Answered = "sent" | "already answered" | "timed out" | "not connected";

/** How a message is answered. `delayMs` of a requeue: -1 for the consumer's own. */
export type Response =
  | { readonly kind: "finish" }
  | { readonly kind: "requeue"; readonly delayMs: number; readonly isFailure: boolean };

/** Who carries out what is answered. */
export interface Responder {
  respond(message: Message, response: Response): Answered;
  touch(message: Message): Answered;
}

const ID_AT = 10;
const BODY_AT = 26;

export class Message {
  /** 16 hex digits. */
  readonly id: string;
  /** When it was published, ns since the epoch. */
  readonly timestampNs: bigint;
  /** Which delivery this is; the first is 1. */
  readonly attempts: number;
  readonly body: Uint8Array;
  /** Where it came from. */
  readonly address: string;
  readonly #responder: Responder;

  /** @param data of a message frame (spec 1.3) */
  constructor(data: Uint8Array, address: string, responder: Responder) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    this.timestampNs = view.getBigInt64(0);
    this.attempts = view.getUint16(8);
    this.id = toByteString(data, ID_AT, BODY_AT);
    this.body = data.subarray(BODY_AT);
    this.address = address;
    this.#responder = responder;
  }

  /** The body as UTF-8. */
  text(): string {
    return fromUtf8(this.body);
  }

  /** @throws {SyntaxError} when the body is no JSON */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }

  /** It is done: it will not come again. */
  finish(): Answered {
    return this.#responder.respond(this, { kind: "finish" });
  }

  /** Delivers it again after a delay, ms; without one, after `defaultRequeueDelay` times attempts. The consumer backs off. */
  requeue(delayMs = -1): Answered {
    return this.#responder.respond(this, { kind: "requeue", delayMs, isFailure: true });
  }

  /** The same, and nothing went wrong: the consumer goes on as before. */
  requeueWithoutBackoff(delayMs = -1): Answered {
    return this.#responder.respond(this, { kind: "requeue", delayMs, isFailure: false });
  }

  /** Takes more time for it: its timeout begins anew, as far as the server lets it. */
  touch(): Answered {
    return this.#responder.touch(this);
  }
}
