import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Publisher } from "../../src/durable/publisher.ts";
import { fromByteString } from "../../src/protocol/bytes.ts";
import { recordOf } from "../../src/queue/record.ts";
import { ReplyQueue } from "../../src/session/reply-queue.ts";
import type { Session } from "../../src/session/session.ts";

const MOMENT_MS = 2;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A publisher whose rows are durable when the test says so. */
function startPublisher() {
  const rows: number[] = [];
  let confirm = () => {};
  const host = {
    store: (segments: readonly { count: number }[]) => {
      rows.push(segments.reduce((sum, { count }) => sum + count, 0));
      return "stored" as const;
    },
    confirmed: () =>
      new Promise<void>((resolve) => {
        confirm = resolve;
      }),
    ready: () => null,
  };
  const publisher = new Publisher(host, 0, () => {});
  return {
    /** How many messages are in each row. */
    rows,
    /** So many callers publish a message each. */
    async publish(callers: number): Promise<void> {
      for (let i = 0; i < callers; i++) void publisher.publishRecords(recordOf(new Uint8Array(1), 0));
      await settled();
    },
    /** The last row is durable. */
    async confirm(): Promise<void> {
      confirm();
      await settled();
    },
  };
}

/** Everything that follows without time is done. */
async function settled(steps = 20): Promise<void> {
  for (let i = 0; i < steps; i++) await Promise.resolve();
}

describe("a row of a topic", () => {
  it("[LOG12] is stored at once when none is under way", async () => {
    const { rows, publish } = startPublisher();
    await publish(1);
    expect(rows).toEqual([1]);
  });

  it("[LOG12] is shared by what comes before the last one is durable", async () => {
    const { rows, publish, confirm } = startPublisher();
    await publish(1);
    await publish(1);
    await publish(2);
    expect(rows).toEqual([1]);
    await confirm();
    await vi.advanceTimersByTimeAsync(MOMENT_MS);
    expect(rows).toEqual([1, 3]);
  });

  it("[LOG12] does not wait for a caller that comes alone again and again", async () => {
    const { rows, publish, confirm } = startPublisher();
    for (let i = 0; i < 3; i++) {
      await publish(1);
      await confirm();
    }
    expect(rows).toEqual([1, 1, 1]);
  });

  /** Five callers, whose second row is not yet durable: the first of them had one for itself. */
  async function startWithFive() {
    const publisher = startPublisher();
    await publisher.publish(5);
    await publisher.confirm();
    await publisher.publish(1);
    expect(publisher.rows).toEqual([1, 5]);
    return publisher;
  }

  it("[LOG12] waits for as many callers as were answered together", async () => {
    const { rows, publish, confirm } = await startWithFive();
    await confirm();
    await publish(4);
    expect(rows).toEqual([1, 5]);
    await publish(1);
    expect(rows).toEqual([1, 5, 5]);
  });

  it("[LOG12] waits for those who were answered when others wait already: two crowds become one", async () => {
    const { rows, publish, confirm } = await startWithFive();
    await publish(3);
    await confirm();
    await publish(4);
    expect(rows).toEqual([1, 5]);
    await publish(1);
    expect(rows).toEqual([1, 5, 8]);
  });

  it("[LOG12] waits no longer than a moment for those of whom none comes", async () => {
    const { rows, publish, confirm } = await startWithFive();
    await publish(2);
    await confirm();
    await vi.advanceTimersByTimeAsync(MOMENT_MS - 1);
    expect(rows).toEqual([1, 5]);
    await vi.advanceTimersByTimeAsync(1);
    expect(rows).toEqual([1, 5, 2]);
  });

  it("[LOG12] waits another moment when some came, and not a third one", async () => {
    const { rows, publish, confirm } = await startWithFive();
    await confirm();
    await publish(1);
    await vi.advanceTimersByTimeAsync(MOMENT_MS);
    await publish(1);
    await vi.advanceTimersByTimeAsync(MOMENT_MS - 1);
    expect(rows).toEqual([1, 5]);
    await vi.advanceTimersByTimeAsync(1);
    expect(rows).toEqual([1, 5, 2]);
  });

  it("[LOG12] does not wait when the moment has passed", async () => {
    const { rows, publish, confirm } = await startWithFive();
    await confirm();
    await vi.advanceTimersByTimeAsync(MOMENT_MS);
    await publish(1);
    expect(rows).toEqual([1, 5, 1]);
  });
});

describe("a row of a topic, for sockets", () => {
  const command = fromByteString("PUB t\n\0\0\0\x01x");
  const publication = {
    command: "PUB",
    topic: "t",
    deferMs: 0,
    buffer: command,
    start: 0,
    bodyStart: 10,
    bodyEnd: 11,
  } as const;

  /** Publishes a message, and one more for each time that the publisher waits and `comes` says so. Returns the rows. */
  async function rowsWith(comes: (turn: number, rows: number[]) => boolean): Promise<number[]> {
    const rows: number[] = [];
    let turn = 0;
    const publish = () => {
      publisher.publish(publication, { replies: new ReplyQueue() } as Session, 0);
      publisher.flush();
    };
    const publisher = new Publisher(
      {
        store: (segments) => {
          rows.push(segments.reduce((sum, { count }) => sum + count, 0));
          return "stored";
        },
        confirmed: async () => {
          await null;
          if (comes(turn++, rows)) publish();
        },
        ready: () => null,
      },
      0,
      () => {},
    );
    publish();
    await settled(5_000);
    return rows;
  }

  it("[LOG12] is shared by what comes one after the other while the last one is made durable", async () => {
    expect(await rowsWith((turn) => turn % 3 === 0 && turn < 90)).toEqual([1, 30]);
  });

  it("[LOG12] does not wait for ever for what comes without end", async () => {
    const rows = await rowsWith((_, rows) => rows.length < 4);
    expect(rows).toHaveLength(4);
    expect(Math.max(...rows)).toBeLessThanOrEqual(101);
  });

  it("[LOG12] does not wait when nothing came", async () => {
    let waits = 0;
    expect(
      await rowsWith((turn) => {
        waits = turn + 1;
        return false;
      }),
    ).toEqual([1]);
    expect(waits).toBe(1);
  });
});
