// What a topic tells of itself and its channels, for /stats and to scrapes, and that scrapes are to ask again (docs/decisions/0018).

import type { Options } from "../options.ts";
import { changesAt, type ScrapeAnswer, topicFigures } from "./figures.ts";
import type { OpenTopic } from "./open-topic.ts";
import { ScrapeMark } from "./scrape-mark.ts";
import { type AskChannel, reportOnTopic } from "./topic-report.ts";
import type { ClientReport, TopicReport } from "./topic-stats.ts";
import type { Usage } from "./usage.ts";

export interface StatisticsHost {
  /** Null when there is none. */
  topic(): OpenTopic | null;
  /** Who has published over a connection to the topic's own object. */
  producers(): ClientReport[];
  readonly ask: AskChannel;
  /** Tells Lookup that a scrape is to ask again. */
  mark(): Promise<void>;
  failed(error: unknown): void;
  /** Sees to it that `check` is called some time. */
  wakeSoon(): void;
}

export class TopicStatistics {
  readonly #name: string;
  readonly #options: Options;
  readonly #usage: Usage;
  readonly #host: StatisticsHost;
  readonly #mark: ScrapeMark;

  constructor(name: string, options: Options, usage: Usage, host: StatisticsHost) {
    this.#name = name;
    this.#options = options;
    this.#usage = usage;
    this.#host = host;
    this.#mark = new ScrapeMark({
      isScraped: () => host.topic()?.isScraped ?? false,
      tell: () => host.mark(),
      failed: (error) => host.failed(error),
      wakeSoon: () => host.wakeSoon(),
    });
  }

  /** Something changed that a scrape would show. */
  changed(): void {
    this.#mark.changed();
  }

  /** An earlier life may have ended before Lookup knew. */
  check(): void {
    this.#mark.check();
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
    const { topic: stats, publishers, channels } = await this.#report(topic, topic.log.channelNames, true);
    const producers = new Set([...this.#host.producers(), ...publishers].map(({ id }) => id)).size;
    const figures = topicFigures(stats, producers, this.#usage.counts, channels);
    return { figures, changesAt: isBusy ? 0 : changesAt(figures, topic.log, channels.values(), Date.now()) };
  }

  #report(topic: OpenTopic, channels: readonly string[], includesClients: boolean): ReturnType<typeof reportOnTopic> {
    const { memQueueSize, e2eProcessingLatencyPercentile: quantiles } = this.#options;
    const settings = { memQueueSize, includesClients, quantiles };
    return reportOnTopic(this.#name, topic.log, channels, this.#host.ask, settings);
  }
}
