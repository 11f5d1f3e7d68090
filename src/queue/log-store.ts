// Where a topic's log lies. There are two: SQLite for topics, memory for ephemeral ones (src/storage).

/** Records `first` to `first + count - 1`, back to back; without bytes a range whose messages were dropped. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

export interface StoredBatch extends Batch {
  /** How many of the records are deferred. */
  readonly deferred: number;
  /** Bytes of all bodies of the log's life, up to and including this batch. */
  readonly totalBytes: number;
}

/** Where a batch lies, without its content. */
export interface BatchPlace {
  readonly first: number;
  readonly count: number;
  readonly totalBytes: number;
}

/** Every method is synchronous; a call of `append` is stored whole or not at all. */
export interface LogStore {
  newest(): BatchPlace | null;
  oldest(): BatchPlace | null;
  /** The total bytes of the last batch that lies entirely below `seq`; where there is none, of those before the oldest, about. */
  totalBytesBefore(seq: number): number;
  /**
   * Adds batches at the end. Batches that lie entirely below `free` may be overwritten, oldest first, which costs less than
   * deleting them; the newest batch never is.
   */
  append(batches: readonly StoredBatch[], free: number): void;
  /**
   * Batches in order from the one that holds `seq`; at least one if there is any, further ones while `maxBytes` last, at most
   * `maxBatches`.
   */
  read(seq: number, maxBytes: number, maxBatches?: number): Batch[];
  /** Batches with deferred records from the one that holds `seq`, in order. */
  readDeferred(seq: number): Iterable<Batch>;
  /** The first of them; at least one if there is any, further ones while `maxBytes` last, at most `maxBatches`. */
  lookDeferred(seq: number, maxBytes: number, maxBatches: number): Batch[];
  /** Whether more than `count` batches, not counting the newest, lie entirely below `free`. */
  hasFree(count: number, free: number): boolean;
  /** Whether `trim` would delete anything. */
  canTrim(free: number): boolean;
  /** Deletes batches that lie entirely below `free`, except a few to overwrite. Returns whether there are more. */
  trim(free: number): boolean;
}
