// Who takes the messages of a consumer: its handlers, and loops that go through them. Each message goes to one of them.

import { Inbox } from "./inbox.ts";
import type { Message } from "./message.ts";
import type { ConsumerConfig } from "./options.ts";
import type { Source } from "./source.ts";

/** What is done with each message. When it resolves, the message is finished; when it rejects, requeued, and the consumer backs off. */
export type Handler = (message: Message) => unknown;

export interface HandleOptions {
  /** How many messages are handled at once. */
  readonly concurrency?: number;
  /** Whether a message that the handler did not answer is finished or requeued when it is done; true unless said otherwise. */
  readonly autoRespond?: boolean;
}

interface Delivery {
  readonly message: Message;
  readonly source: Source;
}

export interface TakersHost {
  /** There is somebody more. */
  came(): void;
  /** There is nobody any more. */
  allLeft(): void;
  /** A message was delivered too often. */
  givenUp(message: Message): void;
  /** A handler failed. */
  failed(error: unknown, message: Message): void;
}

export class Takers {
  readonly #config: ConsumerConfig;
  readonly #host: TakersHost;
  readonly #inbox = new Inbox<Delivery>();
  readonly #handlers: Promise<void>[] = [];
  #count = 0;

  constructor(config: ConsumerConfig, host: TakersHost) {
    this.#config = config;
    this.#host = host;
  }

  get areThere(): boolean {
    return this.#count > 0;
  }

  handle(handler: Handler, { concurrency = 1, autoRespond = true }: HandleOptions): void {
    for (let i = 0; i < concurrency; i++) this.#handlers.push(this.#run(handler, autoRespond));
    this.#come(concurrency);
  }

  /** Messages one by one, to be answered by whoever takes them. */
  loop(): AsyncIterator<Message, undefined> {
    this.#come(1);
    let isOver = false;
    let endTouching = () => {};
    const done = () => {
      endTouching();
      return { done: true, value: undefined } as const;
    };
    return {
      next: async () => {
        endTouching();
        const taken = isOver ? null : await this.#take();
        if (taken === null) return done();
        if (isOver) {
          this.receive(taken.message, taken.source); // for whoever still takes messages
          return done();
        }
        endTouching = this.#keepTouching(taken.message, taken.source);
        return { done: false, value: taken.message };
      },
      return: async () => {
        if (!isOver) this.#leave();
        isOver = true;
        return done();
      },
    };
  }

  /** A message came. */
  receive(message: Message, source: Source): void {
    if (this.#count > 0) this.#inbox.put({ message, source });
    else message.requeueWithoutBackoff(0); // it was on its way when the last one left
  }

  /** Nothing more comes. Resolves when all handlers are done. */
  async end(): Promise<void> {
    this.#inbox.close();
    await Promise.all(this.#handlers);
  }

  #come(count: number): void {
    this.#count += count;
    this.#host.came();
  }

  #leave(): void {
    if (--this.#count > 0) return;
    this.#host.allLeft();
    for (const { message } of this.#inbox.takeAll()) message.requeueWithoutBackoff(0);
  }

  /** The next message whose time has not run out; null when there will be none. */
  async #take(): Promise<Delivery | null> {
    for (;;) {
      const taken = await this.#inbox.take();
      if (taken === null || taken.source.holds(taken.message)) return taken;
    }
  }

  async #run(handler: Handler, autoRespond: boolean): Promise<void> {
    for (;;) {
      const taken = await this.#take();
      if (taken === null) return;
      await this.#handle(handler, taken.message, taken.source, autoRespond);
    }
  }

  async #handle(handler: Handler, message: Message, source: Source, autoRespond: boolean): Promise<void> {
    const { maxAttempts } = this.#config;
    const isGivenUp = maxAttempts > 0 && message.attempts > maxAttempts;
    const endTouching = this.#keepTouching(message, source);
    try {
      if (isGivenUp) await this.#giveUp(message);
      else await handler(message);
      if (autoRespond || isGivenUp) message.finish();
    } catch (error) {
      this.#host.failed(error, message);
      if (autoRespond || isGivenUp) message.requeue();
    } finally {
      endTouching();
    }
  }

  async #giveUp(message: Message): Promise<void> {
    this.#host.givenUp(message);
    await this.#config.onMaxAttempts(message);
  }

  /** Touches a message at half its time, again and again, until it is answered or the server would not let it. Returns what ends that. */
  #keepTouching(message: Message, source: Source): () => void {
    const { autoTouch, clock } = this.#config;
    let cancel = () => {};
    const wait = () => {
      const times = source.timesOf(message);
      if (times === null || times.timeoutAt >= times.latestAt) return;
      cancel = clock.after(Math.max(0, (times.timeoutAt - clock.now()) / 2), () => {
        if (message.touch() === "sent") wait();
      });
    };
    if (autoTouch) wait();
    return () => cancel();
  }
}
