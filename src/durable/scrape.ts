// Lookup's side of scrapes (docs/decisions/0018): topics that have changed are asked how they are; all others are as they were.

import type { FiguresStore } from "../storage/figures-store.ts";
import { Deadline } from "./deadline.ts";
import type { ScrapeAnswer, TopicFigures } from "./figures.ts";

export interface Scraped {
  /** Of each topic of which anything is known. */
  readonly topics: readonly TopicFigures[];
  /** How many topics there are. */
  readonly there: number;
  /** How many topics were to be asked. */
  readonly asked: number;
  /** Topics that could not answer: of them there is what was known before, if anything was. */
  readonly failed: readonly string[];
}

/** Null when there is no such topic any more. */
export type AskTopic = (topic: string) => Promise<ScrapeAnswer | null>;

/** How many topics are asked at a time. */
const AT_ONCE = 32;
/** How long all of them may take together, ms: Prometheus gives up after ten seconds, unless it is told otherwise. */
const PATIENCE_MS = 5_000;
/** Characters of figures that are stored: a row holds 2 MB (platform notes A1), which some 4,000 channels fill. */
const MAX_STORED = 1_000_000;

export class Scrape {
  readonly #store: FiguresStore;
  readonly #ask: AskTopic;
  readonly #failed: (topic: string, error: unknown) => void;
  /** What topics said that do not rest, or could not be stored: they are asked each time, and are worth no row. */
  readonly #restless = new Map<string, TopicFigures>();
  /** Topics that did not answer in time when they were asked last. */
  readonly #silent = new Set<string>();
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
    this.#silent.delete(topic);
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
    const { gone, failed } = await this.#askAll(stale, known);
    const topics = stored.flatMap(({ topic }) => known.get(topic) ?? []);
    return { topics, there: stored.length - gone, asked: stale.length, failed: failed.sort() };
  }

  /** Puts what they say in the place of what was known of them. Returns how many are gone, and which could not answer. */
  async #askAll(
    topics: readonly string[],
    known: Map<string, TopicFigures>,
  ): Promise<{ gone: number; failed: string[] }> {
    const failed: string[] = [];
    let gone = 0;
    // Who kept silent comes last: others might not be asked while it is waited for.
    const isSilent = (topic: string) => this.#silent.has(topic);
    const waiting = [...topics.filter((topic) => !isSilent(topic)), ...topics.filter(isSilent)].values();
    const heard = new Set<string>();
    const deadline = new Deadline(PATIENCE_MS);
    const askOn = async () => {
      for (const topic of waiting) {
        const isAsked = !deadline.isOver;
        try {
          const answer = await deadline.wait(() => this.#ask(topic));
          this.#silent.delete(topic);
          if (answer !== null) known.set(topic, this.#keep(topic, answer, heard.has(topic)));
          else {
            known.delete(topic);
            gone++;
          }
        } catch (error) {
          if (isAsked && deadline.isOver) this.#silent.add(topic);
          failed.push(topic);
          this.#failed(topic, error);
        }
      }
    };
    this.#heard.add(heard);
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, askOn));
    } finally {
      this.#heard.delete(heard);
      deadline.cancel();
    }
    return { gone, failed };
  }

  #keep(topic: string, { figures, changesAt }: ScrapeAnswer, isHeard: boolean): TopicFigures {
    this.#restless.set(topic, figures);
    if (changesAt === 0 || isHeard) return figures;
    const json = JSON.stringify(figures);
    if (json.length > MAX_STORED) return figures;
    try {
      this.#store.save(topic, json, changesAt);
      this.#restless.delete(topic);
    } catch (error) {
      this.#failed(topic, error);
    }
    return figures;
  }
}
