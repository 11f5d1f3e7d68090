// Lookup's side of scrapes (docs/decisions/0018): topics that have changed are asked how they are; all others are as they were.

import type { FiguresStore } from "../storage/figures-store.ts";
import type { ScrapeAnswer, TopicFigures } from "./figures.ts";

export interface Scraped {
  readonly topics: readonly TopicFigures[];
  /** How many topics were asked. */
  readonly asked: number;
  /** Topics that could not answer: of them there is what was known before, if anything was. */
  readonly failed: readonly string[];
}

/** Null when there is no such topic any more. */
export type AskTopic = (topic: string) => Promise<ScrapeAnswer | null>;

/** How many topics are asked at a time. */
const AT_ONCE = 32;
/** How long one may take, ms: a scrape ends after ten seconds, unless it is told otherwise. */
const PATIENCE_MS = 5_000;

export class Scrape {
  readonly #store: FiguresStore;
  readonly #ask: AskTopic;
  readonly #failed: (topic: string, error: unknown) => void;
  /** What topics said that do not rest: they are asked each time, and are worth no row. */
  readonly #restless = new Map<string, TopicFigures>();
  /** For each scrape that is under way, the topics of which something was heard since it began: what they tell it may be from before. */
  readonly #heard = new Set<Set<string>>();

  constructor(store: FiguresStore, ask: AskTopic, failed: (topic: string, error: unknown) => void) {
    this.#store = store;
    this.#ask = ask;
    this.#failed = failed;
  }

  /** A topic is not as the last scrape left it. */
  mark(topic: string): void {
    this.#store.mark(topic);
    for (const heard of this.#heard) heard.add(topic);
  }

  /** A topic is gone, or another one has its name. */
  forget(topic: string): void {
    this.#store.remove(topic);
    this.#restless.delete(topic);
    for (const heard of this.#heard) heard.add(topic);
  }

  async run(now: number): Promise<Scraped> {
    const stored = this.#store.all(now);
    const known = new Map<string, TopicFigures>();
    const names = new Set(stored.map(({ topic }) => topic));
    for (const topic of this.#restless.keys()) if (!names.has(topic)) this.#restless.delete(topic);
    for (const { topic, figures } of stored) {
      const last = this.#restless.get(topic) ?? (figures && (JSON.parse(figures) as TopicFigures));
      if (last) known.set(topic, last);
    }
    const stale = stored.filter(({ isStale }) => isStale).map(({ topic }) => topic);
    const failed: string[] = [];
    const heard = new Set<string>();
    this.#heard.add(heard);
    try {
      await this.#askAll(stale, known, heard, failed);
    } finally {
      this.#heard.delete(heard);
    }
    const topics = stored.flatMap(({ topic }) => known.get(topic) ?? []);
    return { topics, asked: stale.length, failed: failed.sort() };
  }

  async #askAll(
    topics: readonly string[],
    known: Map<string, TopicFigures>,
    heard: ReadonlySet<string>,
    failed: string[],
  ): Promise<void> {
    const waiting = topics.values();
    const askOn = async () => {
      for (const topic of waiting) {
        try {
          const answer = await inTime(this.#ask(topic));
          if (answer === null) known.delete(topic);
          else known.set(topic, this.#keep(topic, answer, heard.has(topic)));
        } catch (error) {
          failed.push(topic);
          this.#failed(topic, error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askOn));
  }

  #keep(topic: string, { figures, changesAt }: ScrapeAnswer, isHeard: boolean): TopicFigures {
    if (changesAt === 0 || isHeard) {
      this.#restless.set(topic, figures);
    } else {
      this.#restless.delete(topic);
      this.#store.save(topic, JSON.stringify(figures), changesAt);
    }
    return figures;
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, patience]);
  } finally {
    clearTimeout(timer);
  }
}
