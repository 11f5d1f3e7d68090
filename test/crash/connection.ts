// A V2 connection over any door, as frames.

import { toByteString } from "../../src/protocol/bytes.ts";
import { FrameDecoder, FrameType } from "../../src/protocol/frame.ts";
import { openWire, type Wire } from "../broker/wire.ts";
import { MAGIC } from "../helpers/commands.ts";

export interface ConnectionEvents {
  /** Some whole frames came; what is to be said to all of them is best written at once. */
  received(frames: readonly Received[]): void;
  /** It ended, not by `close`. */
  closed(why: string): void;
}

export interface Received {
  readonly type: number;
  readonly data: Uint8Array;
}

const HEARTBEAT = "_heartbeat_";

export class Connection {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly #events: ConnectionEvents;
  readonly #wire: Wire;
  readonly #decoder = new FrameDecoder();
  #isOpen = false;
  #isOver = false;
  /** What is written before it is open. */
  readonly #early: Buffer[] = [Buffer.from(MAGIC)];
  #end: () => void = () => {};

  constructor(address: string, events: ConnectionEvents) {
    this.#events = events;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#wire = openWire(address, {
      opened: () => {
        this.#isOpen = true;
        if (!this.#isOver) this.#wire.write(Buffer.concat(this.#early));
      },
      received: (data) => this.#received(data),
      closed: (error) => this.#closed(error?.message ?? "closed"),
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  write(commands: Buffer): void {
    if (this.#isOver) return;
    if (this.#isOpen) this.#wire.write(commands);
    else this.#early.push(commands);
  }

  /** Nothing that still comes is looked at. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wire.destroy();
    this.#end();
  }

  #received(data: Buffer): void {
    if (this.#isOver) return;
    this.#decoder.push(data);
    const frames: Received[] = [];
    for (let frame = this.#decoder.next(); frame !== null; frame = this.#decoder.next()) {
      if (frame === "malformed") {
        this.#wire.destroy();
        this.#closed("malformed frame");
        return;
      }
      if (frame.type === FrameType.response && textOf(frame) === HEARTBEAT) this.write(Buffer.from("NOP\n"));
      else frames.push(frame);
    }
    if (frames.length > 0) this.#events.received(frames);
  }

  #closed(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.closed(why);
    this.#end();
  }
}

export function textOf({ data }: Received): string {
  return toByteString(data);
}
