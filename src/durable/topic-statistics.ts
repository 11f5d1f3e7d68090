// What a topic tells of itself and its channels, for /stats and to scrapes, and that scrapes are to ask again (docs/decisions/0018).

import { changesAt, producersOf, type ScrapeAnswer, topicFigures } from "./figures.ts";
import type { OpenTopic } from "./open-topic.ts";
import { ScrapeMark } from "./scrape-mark.ts";
import { type AskChannel, reportOnTopic } from "./topic-report.ts";
import type { ClientReport, ReportSettings, TopicReport } from "./topic-stats.ts";
import type { UsageCounts } from "./usage.ts";

export interface StatisticsHost {
  /** Null when there is none. */
  topic(): OpenTopic | null;
  /** Who has published over a connection to the topic's own object. */
  producers(): ClientReport[];
  usage(): UsageCounts;
  readonly ask: AskChannel;
  /** Tells Lookup that a scrape is to ask again. */
  mark(): Promise<void>;
  failed(error: unknown): void;
  /** Sees to it that `check` is called in so many ms, or before. */
  wakeWithin(ms: number): void;
}

export class TopicStatistics {
  readonly #name: string;
  readonly #settings: Omit<ReportSettings, "includesClients">;
  readonly #host: StatisticsHost;
  readonly #mark: ScrapeMark;

  constructor(name: string, settings: Omit<ReportSettings, "includesClients">, host: StatisticsHost) {
    this.#name = name;
    this.#settings = settings;
    this.#host = host;
    this.#mark = new ScrapeMark({
      isScraped: () => host.topic()?.isScraped ?? false,
      tell: () => host.mark(),
      failed: (error) => host.failed(error),
      wakeWithin: (ms) => host.wakeWithin(ms),
    });
  }

  /** Something changed that a scrape would show. */
  changed(): void {
    this.#mark.changed();
  }

  /** The alarm rang. Resolves when nothing depends on that any more. */
  check(): Promise<void> {
    return this.#mark.check();
  }

  /** Waits for what changes the figures of a channel, which a scrape in the middle of it may not see. */
  async changing<T>(order: Promise<T>): Promise<T> {
    this.#mark.changed();
    try {
      return await order;
    } finally {
      this.#mark.changed();
    }
  }

  /** Of all channels, or of one. Null when there is no such topic. */
  async stats(channel: string | null, includesClients: boolean): Promise<TopicReport | null> {
    const topic = this.#host.topic();
    if (!topic) return null;
    const producers = this.#host.producers();
    if (channel !== null && !topic.log.hasChannel(channel)) return { topic: null, producers };
    const names = channel === null ? topic.log.channelNames : [channel];
    const report = await this.#report(topic, names, includesClients);
    return { topic: report.topic, producers: producers.concat(report.publishers) };
  }

  /** What a scrape is told; null when there is no such topic. */
  async figures(): Promise<ScrapeAnswer | null> {
    const topic = this.#host.topic();
    if (!topic) return null;
    topic.setScraped();
    const isBusy = this.#mark.asked(); // first: what changes meanwhile marks the topic again
    const { topic: stats, publishers, channels } = await this.#report(topic, topic.log.channelNames, false);
    const producers = producersOf(this.#name, [...this.#host.producers(), ...publishers]);
    const figures = topicFigures(stats, producers, this.#host.usage(), channels);
    return { figures, changesAt: isBusy ? 0 : changesAt(figures, channels.values(), topic.isVolatile, Date.now()) };
  }

  #report(topic: OpenTopic, channels: readonly string[], includesClients: boolean): ReturnType<typeof reportOnTopic> {
    const settings = { ...this.#settings, includesClients };
    return reportOnTopic(this.#name, topic.log, channels, this.#host.ask, settings);
  }
}
