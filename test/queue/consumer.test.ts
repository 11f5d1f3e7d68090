import { describe, expect, it } from "vitest";
import { Consumer } from "../../src/queue/consumer.ts";
import { T0 } from "../helpers/records.ts";

const SETTINGS = { msgTimeoutMs: 60_000, sampleRate: 0, outputBufferTimeoutMs: 250 };
const MINUTE = 60_000;

function listening(): Consumer {
  const consumer = new Consumer("a", SETTINGS);
  consumer.rdy = 10;
  consumer.heard(T0);
  return consumer;
}

/** Sends it a message at `sentAt` that times out at `now`. */
function timeOut(consumer: Consumer, sentAt: number, now: number): void {
  consumer.inFlight++;
  consumer.timedOut(sentAt, now);
}

describe("Consumer", () => {
  it("[CHN21] has vanished when three messages, each sent after the last one, timed out in silence", () => {
    const consumer = listening();
    for (const [round, isVanished] of [false, false, true].entries()) {
      timeOut(consumer, T0 + round * MINUTE, T0 + (round + 1) * MINUTE);
      expect([round, consumer.isVanished, consumer.room]).toEqual([round, isVanished, isVanished ? 0 : 10]);
    }
  });

  it("[CHN21] what was sent before the last time-out counts with it", () => {
    const consumer = listening();
    for (let i = 0; i < 100; i++) timeOut(consumer, T0 + i, T0 + MINUTE + i);
    expect(consumer.isVanished).toBe(false);
  });

  it("[CHN21] what is sent again in the moment of its time-out counts anew", () => {
    const consumer = listening();
    timeOut(consumer, T0, T0 + MINUTE);
    timeOut(consumer, T0 + MINUTE, T0 + 2 * MINUTE);
    timeOut(consumer, T0 + 2 * MINUTE, T0 + 3 * MINUTE);
    expect(consumer.isVanished).toBe(true);
  });

  it("[CHN21] has not vanished before it was silent for a minute", () => {
    const consumer = listening();
    for (let s = 1; s < 60; s++) timeOut(consumer, T0 + (s - 1) * 1_000, T0 + s * 1_000);
    expect(consumer.isVanished).toBe(false);
    timeOut(consumer, T0 + 59_000, T0 + 60_000);
    expect(consumer.isVanished).toBe(true);
  });

  it("[CHN21] is there again when it is heard of", () => {
    const consumer = listening();
    for (let i = 0; i < 3; i++) timeOut(consumer, T0 + i * MINUTE, T0 + (i + 1) * MINUTE);
    consumer.heard(T0 + 3 * MINUTE);
    expect([consumer.isVanished, consumer.room]).toEqual([false, 10]);
  });

  it("[CHN21] [DUR4] its silence goes on over a sleep", () => {
    const before = listening();
    for (let i = 0; i < 2; i++) timeOut(before, T0 + i * MINUTE, T0 + (i + 1) * MINUTE);
    const after = new Consumer("a", SETTINGS);
    after.restore(before.state);
    timeOut(after, T0 + 2 * MINUTE, T0 + 3 * MINUTE);
    expect(after.isVanished).toBe(true);
  });

  it.each([
    [2_500, 156, 157],
    [17, 1, 2],
    [16, 0, 1],
    [1, 0, 1],
  ])("[CHN23] with RDY %i a send is not worth it for %i messages, but for %i", (rdy, few, enough) => {
    const consumer = new Consumer("a", SETTINGS);
    consumer.rdy = rdy;
    const isWorth = [few, enough].map((room) => {
      consumer.inFlight = rdy - room;
      return consumer.canBeServed(true);
    });
    expect(isWorth).toEqual([false, true]);
  });

  it("[CHN23] without an output buffer it is worth it for each", () => {
    const consumer = new Consumer("a", { ...SETTINGS, outputBufferTimeoutMs: 0 });
    consumer.rdy = 2_500;
    consumer.inFlight = 2_499;
    expect(consumer.canBeServed(true)).toBe(true);
    consumer.inFlight = 2_500;
    expect(consumer.canBeServed(true)).toBe(false);
  });

  it("[CHN21] never vanishes where nobody listens", () => {
    const consumer = new Consumer("a", SETTINGS);
    for (let i = 0; i < 9; i++) timeOut(consumer, T0 + i * MINUTE, T0 + (i + 1) * MINUTE);
    expect(consumer.isVanished).toBe(false);
  });
});
