// What the HTTP handlers need of the broker; an isolate has one.

import { FIRST_NODE, LOOKUP_OBJECT, topicObject } from "../durable/object-names.ts";
import type { Options } from "../options.ts";

/** When the broker came to be, s since the epoch: it never changes, so each isolate asks once. */
let startTime: number | null = null;

/** Of so many topics the ids are kept. */
const KNOWN_TOPICS = 1_000;

export class Broker {
  readonly options: Options;
  readonly #env: Env;
  /** Making an id out of a name is a tenth of what the Worker does for a publish. */
  readonly #topicIds = new Map<string, DurableObjectId>();

  constructor(env: Env, options: Options) {
    this.#env = env;
    this.options = options;
  }

  /** The object of a topic, whether the topic exists or not. */
  topic(name: string) {
    return this.#env.TOPIC.get(this.#topicIds.get(name) ?? this.#topicId(name));
  }

  /** When the broker came to be, s since the epoch; when that cannot be asked, now. */
  async startTime(): Promise<number> {
    try {
      startTime ??= await this.lookup.startTime();
    } catch (error) {
      console.error("Lookup could not be reached:", error);
    }
    return startTime ?? Math.floor(Date.now() / 1000);
  }

  get lookup() {
    return this.#env.LOOKUP.getByName(LOOKUP_OBJECT);
  }

  #topicId(name: string): DurableObjectId {
    const id = this.#env.TOPIC.idFromName(topicObject({ node: FIRST_NODE, topic: name }));
    if (this.#topicIds.size === KNOWN_TOPICS) this.#topicIds.clear();
    this.#topicIds.set(name, id);
    return id;
  }
}
