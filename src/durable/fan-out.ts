// Sends what a topic fans out to the channels that keep up (design 5). A channel that falls behind is not sent to: it pulls when
// it has room. Sending again is harmless, since a channel ignores what it knows; so a failed call is just repeated.

import type { Batch } from "../queue/log-store.ts";
import type { TopicLog } from "../queue/topic-log.ts";

export interface PushAnswer {
  /** Whether the channel wants what follows to be sent, too. */
  readonly isFollowing: boolean;
  /** Everything below is finished, and saved to be so. */
  readonly low: number;
}

export type Push = (channel: string, batches: Batch[], end: number) => Promise<PushAnswer>;

interface Follower {
  /** The seq from which on to send next. */
  next: number;
  isFollowing: boolean;
  /** Whether the channel has said anything since this object began to live. */
  isKnown: boolean;
  isBusy: boolean;
  /** Whether the last call failed. */
  isFailing: boolean;
  /** Counts the times the channel asked to follow: an answer from before does not undo it. */
  wishes: number;
}

/** `isNews` unless the call before failed, too: there may be one for every message. */
export type PushFailed = (channel: string, error: unknown, isNews: boolean) => void;

/** Bytes that one call carries, about. */
const PUSH_BYTES = 4 * 2 ** 20;

export class FanOut {
  readonly #log: TopicLog;
  readonly #push: Push;
  readonly #onFailure: PushFailed;
  readonly #followers = new Map<string, Follower>();

  constructor(log: TopicLog, push: Push, onFailure: PushFailed) {
    this.#log = log;
    this.#push = push;
    this.#onFailure = onFailure;
    // Who followed in an earlier life of this object is not known: until a channel says otherwise it may be waiting.
    for (const name of log.channelNames) this.#followers.set(name, follower(log.fanout, true));
  }

  /** A channel was made: nobody consumes from it before it says so. */
  add(channel: string): void {
    this.#followers.set(channel, { ...follower(this.#log.fanout, false), isKnown: true });
  }

  remove(channel: string): void {
    this.#followers.delete(channel);
  }

  /** A channel has everything up to `next` and wants what follows. */
  follow(channel: string, next: number): void {
    const wishing = this.#followers.get(channel);
    if (!wishing) return;
    wishing.next = next;
    wishing.isFollowing = true;
    wishing.isKnown = true;
    wishing.wishes++;
  }

  /** Whether somebody is owed what is published. */
  get hasFollowers(): boolean {
    for (const { isFollowing } of this.#followers.values()) if (isFollowing) return true;
    return false;
  }

  /** Sends on to every channel that follows. */
  send(): void {
    for (const [channel, { isFollowing, isKnown, isBusy, next }] of this.#followers) {
      const isOwed = isFollowing && (!isKnown || next < this.#log.fanout);
      if (isOwed && !isBusy) void this.#sendTo(channel);
    }
  }

  /**
   * Asks every channel that may wait for something, or holds back the log, though there is nothing to send: an earlier call may
   * have been lost, and how far a channel has saved is only told in answers. Resolves when all have answered, or failed.
   */
  async ask(): Promise<void> {
    const asked = [...this.#followers].filter(
      ([channel, { isKnown, isBusy }]) => !isBusy && (!isKnown || this.#log.isHeldBackBy(channel)),
    );
    await Promise.all(asked.map(([channel]) => this.#sendTo(channel, true)));
    this.send();
  }

  async #sendTo(channel: string, isOnce = false): Promise<void> {
    const to = this.#followers.get(channel);
    if (!to) return;
    to.isBusy = true;
    try {
      do await this.#sendOnce(channel, to);
      while (!isOnce && to.isFollowing && to.next < this.#log.fanout && this.#followers.get(channel) === to);
    } catch (error) {
      const isNews = !to.isFailing;
      to.isFailing = true;
      this.#onFailure(channel, error, isNews);
    } finally {
      to.isBusy = false;
    }
  }

  async #sendOnce(channel: string, to: Follower): Promise<void> {
    const { wishes } = to;
    // What is no longer in memory is left to the channel, which sees the gap and pulls.
    const batches = this.#log.readRecent(to.next, PUSH_BYTES) ?? [];
    const answer = await this.#push(channel, batches, this.#log.fanout);
    this.#log.report(channel, answer.low);
    to.isKnown = true;
    to.isFailing = false;
    if (to.wishes !== wishes) return;
    const last = batches.at(-1);
    if (last) to.next = last.first + last.count;
    to.isFollowing = answer.isFollowing;
  }
}

function follower(next: number, isFollowing: boolean): Follower {
  return { next, isFollowing, isKnown: false, isBusy: false, isFailing: false, wishes: 0 };
}
