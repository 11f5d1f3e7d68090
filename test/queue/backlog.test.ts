import { describe, expect, it } from "vitest";
import { Backlog } from "../../src/queue/backlog.ts";
import type { HeldStore } from "../../src/queue/channel-store.ts";
import { InFlight } from "../../src/queue/in-flight.ts";
import { type Unfinished, unfinished } from "../../src/queue/unfinished.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { ChannelRig } from "../helpers/channel.ts";
import { batchOf, draft, framesIn, T0 } from "../helpers/records.ts";

const MINUTE = 60_000;
const MB = 2 ** 20;

function emptyStore(): HeldStore {
  return new MemoryChannelStore().held;
}

/** Bytes of the frames that are in memory for deferred messages. */
function deferredBytes(backlog: Backlog): number {
  let bytes = 0;
  for (const { frame } of backlog.deferred) bytes += frame?.length ?? 0;
  return bytes;
}

/** Puts some megabytes of messages aside that are deferred for half a minute. Returns the most that was in memory after a save. */
function deferMany(backlog: Backlog, rounds: number, bodyLength: number, perBatch: number): number {
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    const body = new Uint8Array(bodyLength).fill(1);
    const drafts = Array.from({ length: perBatch }, () => draft(body, T0 + 30_000));
    backlog.add([batchOf(1 + round * perBatch, drafts)]);
    backlog.takeRun(1, T0);
    backlog.holdLong(new InFlight(1), T0); // as part of the save that follows
    most = Math.max(most, deferredBytes(backlog));
  }
  expect(backlog.deferred.size).toBe(rounds * perBatch);
  return most;
}

describe("Backlog with many deferred messages", () => {
  it.each([
    { rounds: 200, bodyLength: 100_000, perBatch: 9 },
    { rounds: 50, bodyLength: 1_000, perBatch: 180 },
    { rounds: 20, bodyLength: 900_000, perBatch: 1 },
  ])("[CHN16] keeps only some MB of their frames: $perBatch of $bodyLength bytes at a time", (many) => {
    const most = deferMany(new Backlog(1, emptyStore()), many.rounds, many.bodyLength, many.perBatch);
    expect(most).toBeGreaterThan(2 * MB);
    expect(most).toBeLessThanOrEqual(4 * MB);
  });

  it("[CHN16] [CHN10] what it let go of is fetched again, and all are delivered by due time", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 100 });
    const length = 60;
    for (let i = 0; i < length; i++) rig.publish(draft(new Uint8Array(100_000).fill(i), T0 + 30_000 - i));
    rig.save();
    rig.wait(30_000);
    const received = framesIn(consumer.outbox).map(({ seq, body }) => [seq, body.length, body[0], body.at(-1)]);
    const due = Array.from({ length }, (_, i) => [i + 1, 100_000, i, i]);
    expect(received).toEqual(due.reverse());
    expect(rig.lost).toEqual([]);
  });
});

describe("Backlog that lacks the frames of what waits", () => {
  /** A message that counts how often its frame is looked for. */
  function watched(seq: number, looks: { count: number }): Unfinished {
    let kept: Uint8Array | null = null;
    return Object.defineProperty(unfinished(seq, T0), "frame", {
      get: () => {
        looks.count++;
        return kept;
      },
      set: (frame: Uint8Array | null) => {
        kept = frame;
      },
    });
  }

  it("[CHN16] asks for those of 64 messages at most, and looks at no more", () => {
    const backlog = new Backlog(20_001, emptyStore());
    const [near, far] = [{ count: 0 }, { count: 0 }];
    for (let seq = 1; seq <= 20_000; seq++) backlog.requeue(watched(seq, seq <= 65 ? near : far));
    expect(backlog.takeWaiting()).toBe(null);
    expect(backlog.missing).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
    expect([near.count > 0, far.count]).toEqual([true, 0]);
  });

  it("[CHN16] looks at no more though the store has the frames of all but the first", () => {
    const held = emptyStore();
    let asked = 0;
    const store = new Proxy(held, {
      get: (target, name) => {
        if (name === "frame") asked++;
        const method = Reflect.get(target, name);
        return method.bind(target);
      },
    });
    const backlog = new Backlog(20_001, store);
    backlog.requeue(unfinished(1, T0));
    for (let seq = 2; seq <= 20_000; seq++) {
      held.put([{ due: 0, seq, attempts: 1, frame: new Uint8Array(100) }]);
      backlog.requeue({ ...unfinished(seq, T0), heldDue: 0 });
    }
    expect(backlog.takeWaiting()).toBe(null);
    expect(backlog.missing).toEqual([1]);
    expect(asked).toBeLessThanOrEqual(64);
  });

  it("[CHN16] looks no further than some MB of frames", () => {
    const held = emptyStore();
    const backlog = new Backlog(101, held);
    const messages = Array.from({ length: 100 }, (_, i) => ({ ...unfinished(i + 1, T0), heldDue: i === 0 ? null : 0 }));
    for (const message of messages) {
      held.put([{ due: 0, seq: message.seq, attempts: 1, frame: new Uint8Array(900_000) }]);
      backlog.requeue(message);
    }
    backlog.takeWaiting();
    const bytes = messages.reduce((sum, { frame }) => sum + (frame?.length ?? 0), 0);
    expect(bytes).toBeLessThanOrEqual(2 * MB);
  });
});

describe("Backlog whose message has lost its frame", () => {
  /** A message in flight for a minute, so that it is to be held, whose frame the topic turns out not to have. */
  function lost(): { backlog: Backlog; inFlight: InFlight; message: Unfinished } {
    const backlog = new Backlog(1, emptyStore());
    backlog.skipTo(3); // what was delivered is no longer at hand
    const message = unfinished(1, T0);
    const inFlight = new InFlight(1);
    inFlight.add(message);
    backlog.holdLong(inFlight, T0 + MINUTE + 1);
    expect(backlog.missing).toEqual([1]);
    expect(backlog.supply([1], [null])).toEqual([1]);
    return { backlog, inFlight, message };
  }

  it("[CHN19] in flight, asks for it once only, and it holds back no log", () => {
    const { backlog, inFlight } = lost();
    expect([backlog.missing, backlog.low(inFlight)]).toEqual([[], 3]);
    for (let i = 2; i < 5; i++) backlog.holdLong(inFlight, T0 + i * MINUTE);
    expect(backlog.missing).toEqual([]);
  });

  it("[CHN19] drops it when its turn comes, and it holds up nothing", () => {
    const { backlog, message } = lost();
    backlog.requeue(message);
    backlog.requeue({ ...unfinished(2, T0), frame: new Uint8Array(4) });
    expect([backlog.takeWaiting()?.seq, backlog.waiting.size, backlog.missing]).toEqual([2, 0, []]);
  });
});
