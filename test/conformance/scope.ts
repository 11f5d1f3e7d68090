import { randomInt } from "node:crypto";

const RUN_DIGITS = 7;
const INDEX_DIGITS = 4;
const PLACEHOLDER = /\$\{(\w+)\}/g;

/** Part of every name of one run of the suite, so that runs do not meet on a server. */
export function newRunId(): string {
  return randomInt(36 ** RUN_DIGITS)
    .toString(36)
    .padStart(RUN_DIGITS, "0");
}

/** What stands for a variable's value in a scenario. */
export function placeholder(name: string): string {
  return `\${${name}}`;
}

/** The variables of one scenario. Its topic and channel names are its own. */
export class Scope {
  readonly topic: string;
  readonly channel: string;
  /** All names made from `topic` so far, to be deleted at the end. */
  readonly topics = new Set<string>();

  readonly #variables: Map<string, string>;
  readonly #topicPattern: RegExp;

  constructor(runId: string, index: number, lookupTcp: string | null) {
    // Scenarios about the longest names count on 12 bytes.
    const unique = runId + String(index).padStart(INDEX_DIGITS, "0");
    this.topic = `t${unique}`;
    this.channel = `c${unique}`;
    this.#variables = new Map([
      ["topic", this.topic],
      ["channel", this.channel],
    ]);
    if (lookupTcp !== null) this.#variables.set("lookupTcp", lookupTcp);
    this.#topicPattern = new RegExp(`[.\\w-]*${this.topic}[.\\w-]*(?:(?:#|%23)ephemeral)?`, "g");
  }

  /** The values known now, by the placeholder that stands for them. */
  names(): Map<string, string> {
    return new Map([...this.#variables].map(([name, value]) => [placeholder(name), value]));
  }

  set(name: string, value: string): void {
    this.#variables.set(name, value);
  }

  mentions(text: string): boolean {
    return text.includes(this.topic) || text.includes(this.channel);
  }

  /**
   * A copy in which every string has its variables replaced.
   * @throws when a variable is unknown, as after a message that did not come
   */
  substitute<T>(value: T): T {
    return this.#filled(value, (template) => this.#text(template)) as T;
  }

  /** The same for what may never come to be: variables that are not known yet stay. */
  preview<T>(value: T): T {
    const known = (whole: string, name: string) => this.#variables.get(name) ?? whole;
    return this.#filled(value, (template) => template.replace(PLACEHOLDER, known)) as T;
  }

  #filled(value: unknown, text: (template: string) => string): unknown {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map((item) => this.#filled(item, text));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.#filled(member, text)]));
  }

  #text(template: string): string {
    const text = template.replace(PLACEHOLDER, (_, name: string) => {
      const value = this.#variables.get(name);
      if (value === undefined) throw new Error(`unknown variable ${name}`);
      return value;
    });
    for (const [topic] of text.matchAll(this.#topicPattern)) this.topics.add(topic.replace("%23", "#"));
    return text;
  }
}
