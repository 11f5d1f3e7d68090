// How many messages of a channel are where.

export interface ChannelCounts {
  /** What the log defers and nobody took counts, too: only the topic can tell how much that is. */
  readonly depth: number;
  readonly inFlight: number;
  readonly deferred: number;
  /** How many of what the log defers from the cursor on were taken before their turn. */
  readonly deferredAhead: number;
  readonly messageCount: number;
  readonly requeueCount: number;
  readonly timeoutCount: number;
  readonly isPaused: boolean;
}

/** Those of a channel that has had nothing to do with its messages yet: all from `start` to before `fanout`. */
export function untouched(start: number, fanout: number): ChannelCounts {
  const messageCount = fanout - start;
  const none = { inFlight: 0, deferred: 0, deferredAhead: 0, requeueCount: 0, timeoutCount: 0 };
  return { ...none, depth: messageCount, messageCount, isPaused: false };
}
