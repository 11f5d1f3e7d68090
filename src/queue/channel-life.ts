/** One life of a channel, from when it was made until it was deleted: what is said of one does not concern the next. */
export interface ChannelLife {
  /** Grows from life to life, also over the lives of the topic. */
  readonly id: number;
  /** The seq from which on the channel has the messages. */
  readonly start: number;
}
