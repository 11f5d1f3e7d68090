// A topic that exists: its log, whom it is sent to, and what is saved of it.

import { isEphemeral } from "../protocol/names.ts";
import { type TopicLimits, TopicLog } from "../queue/topic-log.ts";
import { MemoryLogStore } from "../storage/memory-log-store.ts";
import type { Sql } from "../storage/sql.ts";
import { SqliteLogStore } from "../storage/sqlite-log-store.ts";
import { type SavedTopic, SqliteTopicState } from "../storage/sqlite-topic-state.ts";
import { FanOut, type Push, type PushFailed } from "./fan-out.ts";

export interface TopicSurroundings {
  readonly sql: Sql;
  readonly limits: TopicLimits;
  readonly push: Push;
  readonly pushFailed: PushFailed;
  /** The state could not be saved: what is in memory must be forgotten. */
  readonly saveFailed: (error: unknown) => void;
}

/** A topic's first seq: later lives begin above all seqs of earlier ones, so that no message id comes twice. */
const SEQS_PER_MS = 1_024;

export class OpenTopic {
  readonly log: TopicLog;
  readonly fanOut: FanOut;
  /** By name, the id of the life that ended. */
  readonly removedChannels: Map<string, number>;
  isDeleting: boolean;
  #isScraped: boolean;
  /** Lookup has not been asked yet which channels are known of the topic elsewhere. */
  #isNew: boolean;
  /** Below which the saved state says that all is free. */
  #savedFree: number;
  readonly #isEphemeral: boolean;
  readonly #state: SqliteTopicState;
  readonly #saveFailed: (error: unknown) => void;

  private constructor(name: string, saved: SavedTopic, state: SqliteTopicState, surroundings: TopicSurroundings) {
    const { sql, limits, push, pushFailed, saveFailed } = surroundings;
    this.#isEphemeral = isEphemeral(name);
    const store = this.#isEphemeral ? new MemoryLogStore() : new SqliteLogStore(sql);
    this.log = new TopicLog(store, saved, limits, this.#isEphemeral);
    this.fanOut = new FanOut(this.log, push, pushFailed);
    this.removedChannels = new Map(Object.entries(saved.removedChannels));
    this.isDeleting = saved.isDeleting;
    this.#isScraped = saved.isScraped;
    this.#isNew = saved.isNew;
    this.#savedFree = saved.free;
    this.#state = state;
    this.#saveFailed = saveFailed;
  }

  /** The topic as it was saved, or null when there is none. */
  static load(name: string, now: number, surroundings: TopicSurroundings): OpenTopic | null {
    const state = new SqliteTopicState(surroundings.sql);
    const saved = state.load();
    if (saved === null) return null;
    return new OpenTopic(name, isEphemeral(name) ? reborn(saved, now) : saved, state, surroundings);
  }

  /** A new topic; its seqs begin above `above`, too. */
  static create(name: string, now: number, above: number, surroundings: TopicSurroundings): OpenTopic {
    const state = new SqliteTopicState(surroundings.sql);
    state.createTable();
    if (!isEphemeral(name)) SqliteLogStore.createTables(surroundings.sql);
    const start = Math.max(now * SEQS_PER_MS, above);
    const nothing = {
      channels: {},
      dropped: [],
      uncounted: 0,
      removedChannels: {},
      nextLife: start,
      free: start,
      isScraped: false,
    };
    const saved = { start, fanout: start, isPaused: false, isDeleting: false, isNew: true, ...nothing };
    const topic = new OpenTopic(name, saved, state, surroundings);
    topic.save();
    return topic;
  }

  /** Takes note that a topic is gone, and Lookup is to be told. */
  static saveGone(sql: Sql): void {
    new SqliteTopicState(sql).saveGone();
  }

  /** Whether that is still to be done. */
  static isGone(sql: Sql): boolean {
    return new SqliteTopicState(sql).isGone;
  }

  save(): void {
    const { isDeleting, removedChannels } = this;
    const [isNew, isScraped] = [this.#isNew, this.#isScraped];
    const { state } = this.log;
    try {
      this.#state.save({
        ...state,
        isDeleting,
        isNew,
        isScraped,
        removedChannels: Object.fromEntries(removedChannels),
      });
    } catch (error) {
      this.#saveFailed(error);
      throw error;
    }
    this.#savedFree = state.free;
  }

  /**
   * Sees to it that the next lives of a topic that sleeps between publishes overwrite rows: they do not know what its channels have
   * finished, and would add rows that must be deleted one day.
   */
  saveFree(): void {
    if (this.log.isFreeWorthSaving(this.#savedFree)) this.save();
  }

  /** Whether messages would be lost by a sleep: those of an ephemeral topic are only in memory. */
  get isVolatile(): boolean {
    return this.#isEphemeral && this.log.free < this.log.end;
  }

  /** Whether a scrape has ever asked it. */
  get isScraped(): boolean {
    return this.#isScraped;
  }

  /** A scrape asks: from now on Lookup must know when something changes. */
  setScraped(): void {
    if (this.#isScraped) return;
    this.#isScraped = true;
    this.save();
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  /** Adds channels that begin together, for good. */
  addChannels(names: readonly string[]): void {
    const added = this.log.addChannels(names);
    for (const name of added) this.fanOut.add(name);
    if (added.length > 0) this.save();
  }

  /** Lookup has said which channels a new topic has. */
  adopt(channels: readonly string[]): void {
    this.#isNew = false;
    for (const name of this.log.addChannels(channels)) this.fanOut.add(name);
    this.save();
  }

  /** Removes a channel, for good; its object is still to be told. */
  removeChannel(name: string): void {
    this.removedChannels.set(name, this.log.channelLife(name).id);
    this.log.removeChannel(name);
    this.fanOut.remove(name);
    this.save();
  }

  /** The object of a removed channel knows it. */
  forgetRemoved(name: string, life: number): void {
    if (this.removedChannels.get(name) !== life) return;
    this.removedChannels.delete(name);
    this.save();
  }
}

/**
 * An ephemeral topic whose memory was lost: it is the same topic for its channels, but all messages that it had are dropped,
 * and it begins to count anew. The new ones must not be taken for the old ones, so their seqs begin at this instant.
 */
function reborn(saved: SavedTopic, now: number): SavedTopic {
  const end = now * SEQS_PER_MS;
  const places = Object.entries(saved.channels);
  return {
    ...saved,
    fanout: saved.fanout === null ? null : end,
    channels: Object.fromEntries(places.map(([name, { life }]) => [name, { life, dropped: end - life.start }])),
    dropped: [{ from: saved.start, to: end }],
    uncounted: end - saved.start,
  };
}
