import { type Arrival, ByteQueue } from "./byte-queue.ts";
import { type Codec, type Compression, createCodec } from "./codec.ts";
import { type Frame, type Framing, isHeartbeat, takeFrame } from "./frame.ts";
import { type Link, type LinkEvents, tcpLink, webSocketLink } from "./link.ts";
import type { Target } from "./target.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** A reset is just a way of closing. */
const RESETS = new Set(["ECONNRESET", "EPIPE"]);

/** One client connection, seen as a stream of bytes or frames with their arrival times. */
export class Connection {
  readonly name: string;
  /** When the server closed it, or null. */
  closedAt: number | null = null;
  /** What broke it, when that was more than a close. */
  problem: string | null = null;
  closedByUs = false;
  /** A step has looked for the close and reported it. */
  closeSeen = false;

  readonly #framing: Framing;
  readonly #link: Link;
  readonly #queue = new ByteQueue();
  readonly #listeners = new Set<() => void>();
  #codec: Codec = this.#createCodec(null);

  /** @throws when the server cannot be reached or refuses */
  static open(name: string, framing: Framing, target: Target): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const settle = (reason: string | null): void => {
        clearTimeout(timer);
        if (reason === null) resolve(connection);
        else reject(new Error(`cannot connect ${name}: ${reason}`));
      };
      const connection: Connection = new Connection(name, framing, target, {
        opened: () => settle(null),
        received: (data) => connection.#received(data),
        failed: (error: NodeJS.ErrnoException) => {
          connection.#broken(error);
          settle(error.message || String(error.code));
        },
        closed: () => {
          connection.#ended();
          settle("closed");
        },
      });
      const timer = setTimeout(settle, CONNECT_TIMEOUT_MS, "timeout");
    });
  }

  private constructor(name: string, framing: Framing, target: Target, events: LinkEvents) {
    this.name = name;
    this.#framing = framing;
    this.#link = createLink(framing, target, events);
  }

  send(data: Buffer): void {
    this.#link.send(this.#codec.encode(data));
  }

  half(): void {
    this.#link.half();
  }

  abort(): void {
    this.closedByUs = true;
    this.#link.abort();
  }

  close(): void {
    this.closedByUs = true;
    this.#link.close();
  }

  /** Switches both directions, from the next byte on that was not read yet. */
  upgrade(compression: Compression): void {
    const early = this.#queue.drain();
    this.#codec = this.#createCodec(compression);
    this.#received(early.data);
  }

  get isClosed(): boolean {
    return this.closedAt !== null;
  }

  /** Bytes that can be taken. */
  get buffered(): number {
    return this.#queue.size;
  }

  /** At most the next `count` raw bytes. */
  takeBytes(count: number): Arrival {
    return this.#queue.take(Math.min(count, this.#queue.size)) as Arrival;
  }

  /** The next whole frame, heartbeats passed over unless they are asked for; null when there is none. */
  takeFrame(withHeartbeats = false): Frame | null {
    for (;;) {
      const frame = takeFrame(this.#queue, this.#framing);
      if (frame === null || withHeartbeats || !isHeartbeat(frame)) return frame;
    }
  }

  /** All frames there are, and the half frame that a closed connection has left. */
  takeFrames(withHeartbeats = false): Frame[] {
    const frames: Frame[] = [];
    for (let frame = this.takeFrame(withHeartbeats); frame !== null; frame = this.takeFrame(withHeartbeats)) {
      frames.push(frame);
    }
    if (this.isClosed && this.buffered > 0) frames.push({ ...this.#queue.drain(), type: "broken frame" });
    return frames;
  }

  /** Calls back whenever bytes arrive or the connection closes; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #createCodec(compression: Compression | null): Codec {
    return createCodec(compression, {
      decoded: (data) => {
        this.#queue.push({ data, time: performance.now() });
        this.#changed();
      },
      failed: (error) => this.#broken(error),
    });
  }

  #received(data: Buffer): void {
    try {
      this.#codec.decode(data);
    } catch (error) {
      this.#broken(error as Error);
    }
  }

  #broken(error: NodeJS.ErrnoException): void {
    if (!RESETS.has(error.code ?? "")) this.problem ??= error.message;
    this.#ended();
  }

  #ended(): void {
    const time = performance.now();
    this.#codec.settled(() => {
      this.closedAt ??= time;
      this.#changed();
    });
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Resolves when something arrived on one of the connections, one closed, or the deadline passed. */
export function anyChange(connections: readonly Connection[], deadline: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, deadline - performance.now()));
    const stops = connections.map((connection) => connection.onChange(done));
  });
}

function createLink(framing: Framing, target: Target, events: LinkEvents): Link {
  if (framing === "lookup" && target.lookupTcp) return tcpLink(target.lookupTcp, events);
  if (framing === "v2" && target.tcp) return tcpLink(target.tcp, events);
  if (framing === "v2" && target.ws) return webSocketLink(target.ws, target.headers ?? {}, events);
  throw new Error("the target has no such endpoint");
}
