// Finishes what it is sent, as fast as it comes: one write of FINs for all that came together.

import { DATA_AT, ID_AT, MESSAGE, TYPE_AT } from "./frames.ts";
import { Session } from "./session.ts";
import type { ConsumerSpec } from "./task.ts";
import { HEADER_ROOM } from "./web-socket.ts";

const FIN = Buffer.from("FIN ");
const ID_LENGTH = 16;
/** What CLS is answered, behind all messages. */
const LAST_REPLY = "CLOSE_WAIT";
const LF = 10;
/** Bytes of a FIN. */
const FIN_LENGTH = 21;
/** FINs that a buffer holds. */
const CAPACITY = 4_096;

export class Consumer {
  /** Messages that came. */
  count = 0;
  /** Called for each message with its frame. */
  onMessage: ((buffer: Buffer, at: number) => void) | null = null;
  /** Called when the count has changed. */
  onProgress: () => void = () => {};
  readonly #session: Session;
  readonly #rdy: number;
  /** A floor has no commands. */
  readonly #hasCommands: boolean;
  #hasLeft: () => void = () => {};
  /** Buffers that were written and taken. */
  readonly #free: Buffer[] = [];
  #finishes: Buffer = finishBuffer();
  #end = HEADER_ROOM;

  static async open({ endpoint, rdy }: ConsumerSpec): Promise<Consumer> {
    return new Consumer(await Session.open(endpoint), rdy, endpoint.greeting.length > 0);
  }

  private constructor(session: Session, rdy: number, hasCommands: boolean) {
    this.#session = session;
    this.#rdy = rdy;
    this.#hasCommands = hasCommands;
    session.onFrame = (buffer, at, end) => {
      if (buffer[at + TYPE_AT + 3] !== MESSAGE) {
        if (buffer.toString("latin1", at + DATA_AT, end) === LAST_REPLY) this.#hasLeft();
        return; // or a heartbeat
      }
      this.count++;
      this.onMessage?.(buffer, at);
      this.#finish(buffer, at + ID_AT);
    };
    session.onPause = () => {
      this.#flush();
      this.onProgress();
    };
  }

  get failed(): Promise<never> {
    return this.#session.failed;
  }

  fail(why: string): void {
    this.#session.fail(new Error(why));
  }

  start(): void {
    this.#say(`RDY ${this.#rdy}\n`);
  }

  /** Finishes what is still on its way, and closes: nothing stays in flight. */
  async leave(): Promise<void> {
    if (this.#hasCommands) {
      const left = new Promise<void>((resolve) => {
        this.#hasLeft = resolve;
      });
      this.#say("CLS\n");
      await Promise.race([left, this.failed]);
      this.#flush();
    }
    this.#session.close();
  }

  #say(command: string): void {
    this.#session.connection.write(this.#session.connection.prepare(Buffer.from(command)));
  }

  #finish(buffer: Buffer, idAt: number): void {
    const out = this.#finishes;
    const idEnd = this.#end + FIN.length + ID_LENGTH;
    let from = idAt;
    // "FIN " and the line ends are there already, but masking has changed them.
    for (let i = 0; i < FIN.length; i++) out[this.#end + i] = FIN[i] as number;
    for (let to = this.#end + FIN.length; to < idEnd; to++) out[to] = buffer[from++] as number;
    out[idEnd] = LF;
    this.#end += FIN_LENGTH;
    if (this.#end === out.length) this.#flush();
  }

  #flush(): void {
    if (this.#end === HEADER_ROOM) return;
    const { connection } = this.#session;
    const written = this.#finishes;
    connection.write(connection.prepareIn(written, this.#end), () => this.#free.push(written));
    this.#finishes = this.#free.pop() ?? finishBuffer();
    this.#end = HEADER_ROOM;
  }
}

function finishBuffer(): Buffer {
  return Buffer.alloc(HEADER_ROOM + CAPACITY * FIN_LENGTH);
}
