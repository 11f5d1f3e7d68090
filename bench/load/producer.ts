// Publishes the same bytes again and again, as fast as they are answered.

import { commandBytes, messagesOf } from "./commands.ts";
import { Session } from "./session.ts";
import type { ProducerSpec } from "./task.ts";

export class Producer {
  /** Messages that were answered. */
  published = 0;
  readonly #session: Session;
  readonly #spec: ProducerSpec;
  readonly #bytes: Buffer;
  readonly #messages: number;
  #unanswered = 0;
  #hasEnded = false;
  #allAnswered: () => void = () => {};

  static async open(spec: ProducerSpec): Promise<Producer> {
    return new Producer(await Session.open(spec.endpoint), spec);
  }

  private constructor(session: Session, spec: ProducerSpec) {
    this.#session = session;
    this.#spec = spec;
    const command = commandBytes(spec.command);
    this.#bytes = session.connection.prepare(Buffer.concat(Array(spec.perWrite).fill(command)));
    this.#messages = messagesOf(spec.command);
    session.onFrame = () => {
      this.#unanswered--;
      this.published += this.#messages;
    };
  }

  get #hasRoom(): boolean {
    return this.#unanswered + this.#spec.perWrite <= this.#spec.open;
  }

  /** Publishes while `goesOn` holds. Resolves when all was answered. */
  async run(goesOn: (producer: Producer) => boolean): Promise<void> {
    const allAnswered = new Promise<void>((resolve) => {
      this.#allAnswered = resolve;
    });
    this.#session.onPause = () => this.#fill(goesOn);
    this.#fill(goesOn);
    await Promise.race([allAnswered, this.#session.failed]);
  }

  close(): void {
    this.#session.close();
  }

  /** Sends as much as may be unanswered. */
  #fill(goesOn: (producer: Producer) => boolean): void {
    while (!this.#hasEnded && this.#hasRoom) {
      if (!goesOn(this)) {
        this.#hasEnded = true;
        break;
      }
      this.#session.connection.write(this.#bytes);
      this.#unanswered += this.#spec.perWrite;
    }
    if (this.#hasEnded && this.#unanswered === 0) this.#allAnswered();
  }

  /** Messages that were sent, answered or not. */
  get sent(): number {
    return this.published + this.#unanswered * this.#messages;
  }
}
