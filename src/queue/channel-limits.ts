// What bounds a channel.

export interface ChannelLimits {
  /** The node of the topic, which message ids carry. */
  readonly node: number;
  /** How far TOUCH can push a deadline, counted from the delivery, ms. */
  readonly maxMsgTimeoutMs: number;
  /** How many messages may lie behind for consumers that do not keep up; Infinity but for ephemeral channels. */
  readonly maxBehind: number;
  /** How many finishes a crash may make forgotten (nsqd's --sync-every). */
  readonly syncEvery: number;
  /** Over which time it is measured how long messages take (nsqd's --e2e-processing-latency-window-time), ms; 0 when it is not. */
  readonly latencyWindowMs: number;
}
