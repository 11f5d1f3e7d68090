import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TcpEnd } from "../../src/gateway/tcp-end.ts";

const MIB = 2 ** 20;
const INTERVAL = 1_000;
const GRACE = 5_000;

/** A connection whose peer takes what is written only when it is told to. */
class SlowSocket {
  readonly closed: string[] = [];
  taken = 0;
  #take: (() => void) | null = null;

  readonly writable = new WritableStream<Uint8Array>({
    write: (bytes) =>
      new Promise((resolve) => {
        this.#take = () => {
          this.taken += bytes.length;
          resolve();
        };
      }),
    close: () => void this.closed.push("written"),
    abort: () => void this.closed.push("aborted"),
  });

  async close(): Promise<void> {
    this.closed.push("closed");
  }

  /** The peer takes one write; false when there is none. */
  async takeOne(): Promise<boolean> {
    const take = this.#take;
    this.#take = null;
    take?.();
    await vi.advanceTimersByTimeAsync(0);
    return take !== null;
  }
}

async function open() {
  const socket = new SlowSocket();
  const told: number[] = [];
  const end = new TcpEnd(
    socket as unknown as Socket,
    (weight) => void told.push(weight),
    () => void socket.closed.push("broken"),
    () => void socket.closed.push("given up"),
  );
  await vi.advanceTimersByTimeAsync(0); // the stream starts
  return { socket, end, told };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("TcpEnd: a client that reads slowly", () => {
  it("[DOOR3] is not stuck while it takes some of what it was sent at a time", async () => {
    const { socket, end } = await open();
    end.send(new Uint8Array(4 * MIB), 4 * MIB);
    const start = Date.now();
    do {
      await vi.advanceTimersByTimeAsync(INTERVAL - 1);
      expect(end.isStuck(INTERVAL, Date.now())).toBe(false);
    } while (await socket.takeOne());
    expect([socket.taken, end.untaken]).toEqual([4 * MIB, 0]);
    expect(Date.now() - start).toBeGreaterThan(10 * INTERVAL);
  });

  it("[HB1] is stuck when it takes nothing for an interval", async () => {
    const { socket, end } = await open();
    end.send(new Uint8Array(MIB), MIB);
    await vi.advanceTimersByTimeAsync(INTERVAL - 1);
    await socket.takeOne();
    await vi.advanceTimersByTimeAsync(INTERVAL);
    expect(end.isStuck(INTERVAL, Date.now())).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(end.isStuck(INTERVAL, Date.now())).toBe(true);
  });

  it("[HB1] is not stuck when nothing was sent to it", async () => {
    const { socket, end } = await open();
    end.send(new Uint8Array(10), 10);
    await socket.takeOne();
    await vi.advanceTimersByTimeAsync(10 * INTERVAL);
    expect(end.isStuck(INTERVAL, Date.now())).toBe(false);
  });

  it("[CHN18] has taken what was sent at a time when it has taken the last of it", async () => {
    const { socket, end, told } = await open();
    end.send(new Uint8Array(MIB), MIB);
    end.send(new Uint8Array(10), 7);
    expect(end.untaken).toBe(MIB + 7);
    while (socket.taken < MIB) {
      expect(told).toEqual([]);
      await socket.takeOne();
    }
    expect([told, end.untaken]).toEqual([[MIB], 7]);
    await socket.takeOne();
    expect([told, end.untaken]).toEqual([[MIB, 7], 0]);
  });
});

describe("TcpEnd: closing", () => {
  it("[HB1] waits until what was sent is written, and closes the connection then", async () => {
    const { socket, end } = await open();
    end.send(new Uint8Array(10), 10);
    end.close();
    await vi.advanceTimersByTimeAsync(GRACE - 1);
    expect(socket.closed).toEqual([]);
    await socket.takeOne();
    expect(socket.closed).toEqual(["written", "closed"]);
    await vi.advanceTimersByTimeAsync(10 * GRACE);
    expect(socket.closed).toEqual(["written", "closed"]);
  });

  it("[HB1] gives up a client that takes nothing, after a while", async () => {
    const { socket, end } = await open();
    end.send(new Uint8Array(MIB), MIB);
    end.close();
    await vi.advanceTimersByTimeAsync(GRACE);
    expect(socket.closed).toEqual(expect.arrayContaining(["closed", "given up"]));
  });

  it("[HB1] sends nothing more", async () => {
    const { socket, end, told } = await open();
    end.close();
    end.send(new Uint8Array(10), 10);
    await vi.advanceTimersByTimeAsync(0);
    expect([socket.taken, end.untaken, told]).toEqual([0, 0, []]);
  });
});
