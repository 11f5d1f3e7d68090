// Topics that match a pattern, as nsqlookupds or a broker know them: more may come, and none is dropped (apps/nsq_to_file/topic_discoverer.go).

import { HttpApi } from "../endpoint.ts";
import { textOf } from "../failure.ts";
import { say } from "../terminal.ts";

interface Topics {
  readonly topics?: readonly string[];
}

export class TopicDiscovery {
  readonly #apis: readonly HttpApi[];
  readonly #pattern: RegExp;
  readonly #found: (topic: string) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param origins of nsqlookupds, or of a broker */
  constructor(
    origins: readonly string[],
    token: string,
    timeoutMs: number,
    pattern: RegExp,
    found: (topic: string) => void,
  ) {
    this.#apis = origins.map((origin) => new HttpApi(origin, token, timeoutMs));
    this.#pattern = pattern;
    this.#found = found;
  }

  /** Resolves when they were asked for the first time. Rejects when none of them answered then; later that is said. */
  async start(intervalMs: number): Promise<void> {
    await this.#ask();
    this.#timer = setInterval(() => {
      this.#ask().catch((error: unknown) => say(`topics: ${textOf(error)}`));
    }, intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    const answers = await Promise.allSettled(this.#apis.map((api) => api.get("/topics") as Promise<Topics>));
    const topics = answers.flatMap((answer) => (answer.status === "fulfilled" ? (answer.value.topics ?? []) : []));
    for (const topic of new Set(topics)) if (this.#pattern.test(topic)) this.#found(topic);
    const [failed] = answers.filter((answer) => answer.status === "rejected");
    if (failed === undefined) return;
    if (answers.every(({ status }) => status === "rejected")) throw failed.reason;
    say(`topics: ${textOf(failed.reason)}`);
  }
}
