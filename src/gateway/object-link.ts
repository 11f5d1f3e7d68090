// The gateway's WebSocket to a topic's or channel's object, which carries a client's commands and the replies to them.

import { introduce, type SocketIntroduction, type V1Introduction } from "../durable/introduction.ts";
import { concat } from "../protocol/bytes.ts";
import { ARE_YOU_THERE, HERE } from "../session/link-control.ts";

export interface LinkEvents {
  /** Whole frames came. */
  data(bytes: Uint8Array): void;
  /** The object, or the way to it, is gone. */
  closed(): void;
}

/** The status of an object that must not be called. */
export const TOO_MANY_REQUESTS = 429;
/** Bytes of one WebSocket message; the platform's limit is 32 MiB (platform notes A1). */
const MAX_MESSAGE = 16 * 2 ** 20;

export class ObjectLink {
  readonly #events: LinkEvents;
  #socket: WebSocket | null = null;
  /** Closed here. */
  #isClosed = false;
  /** The other end, or the way to it, is gone. */
  #isGone = false;
  /** What is to be sent, in order; commands that lie side by side are joined. */
  #outbox: (Uint8Array | string)[] = [];

  constructor(object: Pick<Fetcher, "fetch">, introduction: SocketIntroduction | V1Introduction, events: LinkEvents) {
    this.#events = events;
    void this.#open(object, introduction);
  }

  /** Adds a piece of the stream to what the next flush sends. */
  add(buffer: Uint8Array, start: number, end: number): void {
    const last = this.#outbox.at(-1);
    if (last instanceof Uint8Array && last.buffer === buffer.buffer && isRightBehind(last, buffer, start)) {
      this.#outbox[this.#outbox.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + end - start);
    } else {
      // Until the link is open it waits, and the buffer will be used again by then.
      this.#outbox.push(this.#socket === null ? buffer.slice(start, end) : buffer.subarray(start, end));
    }
  }

  /** Adds something that is not part of the stream. */
  addControl(text: string): void {
    this.#outbox.push(text);
  }

  flush(): void {
    if (this.#socket === null || this.#isGone) return;
    const pieces = this.#outbox;
    this.#outbox = [];
    let stream: Uint8Array[] = [];
    for (const piece of pieces) {
      if (typeof piece !== "string") stream.push(piece);
      else {
        this.#send(stream);
        stream = [];
        this.#socket.send(piece);
      }
    }
    this.#send(stream);
  }

  /** Closes once what was added is sent. */
  close(): void {
    this.#isClosed = true;
    this.#socket?.close(1000);
  }

  async #open(object: Pick<Fetcher, "fetch">, introduction: SocketIntroduction | V1Introduction): Promise<void> {
    try {
      const { webSocket, status } = await object.fetch("https://object/", { headers: introduce(introduction) });
      if (status === TOO_MANY_REQUESTS) return this.#ended(); // who asked for it has been told
      if (!webSocket) throw new Error("object did not answer with a WebSocket");
      webSocket.binaryType = "arraybuffer";
      webSocket.accept();
      webSocket.addEventListener("message", ({ data }) => {
        if (data === ARE_YOU_THERE) webSocket.send(HERE);
        else this.#events.data(new Uint8Array(data as ArrayBuffer));
      });
      webSocket.addEventListener("close", () => this.#ended());
      webSocket.addEventListener("error", () => this.#ended());
      this.#socket = webSocket;
      this.flush();
      if (this.#isClosed) webSocket.close(1000);
    } catch (error) {
      console.error("object could not be reached:", error);
      this.#ended();
    }
  }

  #ended(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (!this.#isClosed) this.#events.closed();
  }

  #send(stream: Uint8Array[]): void {
    const bytes = concat(stream);
    for (let at = 0; at < bytes.length; at += MAX_MESSAGE) this.#socket?.send(bytes.subarray(at, at + MAX_MESSAGE));
  }
}

function isRightBehind(last: Uint8Array, buffer: Uint8Array, start: number): boolean {
  return last.byteOffset + last.length === buffer.byteOffset + start;
}
