// What the HTTP handlers need of the broker, as the caller sees it.

import { Doorkeeper, peerOf, type Refusal } from "../auth/doorkeeper.ts";
import type { Names, Need } from "../auth/need.ts";
import { keyOf, type RateLimitBindings } from "../auth/rate-limits.ts";
import { FIRST_NODE, LOOKUP_OBJECT, topicObject } from "../durable/object-names.ts";
import { EVERYBODY, type Identity } from "../identity/identity.ts";
import type { Options } from "../options.ts";

/** When the broker came to be, s since the epoch: it never changes, so each isolate asks once. */
let startTime: number | null = null;

/** Of so many topics the ids are kept. */
const KNOWN_TOPICS = 1_000;

export class Broker {
  readonly options: Options;
  readonly doorkeeper: Doorkeeper;
  /** Who calls. */
  readonly identity: Identity;
  readonly env: Env;
  /** Making an id out of a name is a tenth of what the Worker does for a publish. */
  readonly #topicIds: Map<string, DurableObjectId>;

  private constructor(
    env: Env,
    options: Options,
    doorkeeper: Doorkeeper,
    topicIds: Map<string, DurableObjectId>,
    identity: Identity,
  ) {
    this.env = env;
    this.options = options;
    this.doorkeeper = doorkeeper;
    this.#topicIds = topicIds;
    this.identity = identity;
  }

  /** The broker of an isolate, as everybody sees it: what it takes to see more `admit` looks at. @throws {Error} when an option is wrong */
  static create(env: Env, options: Options): Broker {
    const doorkeeper = new Doorkeeper(options, env as RateLimitBindings);
    return new Broker(env, options, doorkeeper, new Map(), EVERYBODY);
  }

  /** The broker as somebody sees it whom it lets in; or why it does not. */
  async admit(request: Request, pathname: string, need: Need, names: Names): Promise<Broker | Refusal> {
    const caller = await this.doorkeeper.admit(request, pathname, need, names);
    if (typeof caller === "string") return caller;
    return new Broker(this.env, this.options, this.doorkeeper, this.#topicIds, caller);
  }

  /** Whether its caller may use a topic or channel that may be new; null when that need not be asked. */
  mayCreate(request: Request, names: Names): Promise<boolean> | null {
    return this.doorkeeper.limits.mayCreate(keyOf(this.identity, peerOf(request)), names);
  }

  /** The object of a topic, whether the topic exists or not. */
  topic(name: string) {
    return this.env.TOPIC.get(this.#topicIds.get(name) ?? this.#topicId(name));
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
    return this.env.LOOKUP.getByName(LOOKUP_OBJECT);
  }

  #topicId(name: string): DurableObjectId {
    const id = this.env.TOPIC.idFromName(topicObject({ node: FIRST_NODE, topic: name }));
    if (this.#topicIds.size === KNOWN_TOPICS) this.#topicIds.clear();
    this.#topicIds.set(name, id);
    return id;
  }
}
