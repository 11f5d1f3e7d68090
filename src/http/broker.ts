// What the HTTP handlers need of the broker.

import { FIRST_NODE, LOOKUP_OBJECT, topicObject } from "../durable/object-names.ts";
import type { Options } from "../options.ts";

export class Broker {
  readonly options: Options;
  readonly #env: Env;

  constructor(env: Env, options: Options) {
    this.#env = env;
    this.options = options;
  }

  /** The object of a topic, whether the topic exists or not. */
  topic(name: string) {
    return this.#env.TOPIC.getByName(topicObject({ node: FIRST_NODE, topic: name }));
  }

  get lookup() {
    return this.#env.LOOKUP.getByName(LOOKUP_OBJECT);
  }
}
