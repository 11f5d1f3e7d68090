// What an object has cost since its life in memory began, of what Cloudflare bills by number. A life that begins counts from 0, as a
// Prometheus counter may.

export interface UsageCounts {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** Calls of what is called for messages: publishing, pushing and pulling. */
  readonly calls: number;
  readonly webSocketMessages: number;
  readonly alarms: number;
}

export const NO_USAGE: UsageCounts = { rowsRead: 0, rowsWritten: 0, calls: 0, webSocketMessages: 0, alarms: 0 };

type Cursor = Pick<SqlStorageCursor<never>, "rowsRead" | "rowsWritten">;

export class Usage {
  calls = 0;
  webSocketMessages = 0;
  alarms = 0;
  #rowsRead = 0;
  #rowsWritten = 0;

  /** A statement ran: what it writes is written by then. */
  ran({ rowsRead, rowsWritten }: Cursor): void {
    this.#rowsRead += rowsRead;
    this.#rowsWritten += rowsWritten;
  }

  /** The alarm was set, which is billed as a row. */
  alarmSet(): void {
    this.#rowsWritten++;
  }

  /** The rows of a statement that ran: what is read is read while they are taken. */
  *rows<R>(cursor: Cursor & Iterable<R>): Generator<R> {
    const before = cursor.rowsRead;
    try {
      yield* cursor;
    } finally {
      this.#rowsRead += cursor.rowsRead - before;
    }
  }

  get counts(): UsageCounts {
    const { calls, webSocketMessages, alarms } = this;
    return { rowsRead: this.#rowsRead, rowsWritten: this.#rowsWritten, calls, webSocketMessages, alarms };
  }
}
