import { describe, expect, it } from "vitest";
import { Heartbeat } from "../../src/session/heartbeat.ts";

/** What a heartbeat of 1000 ms does at each of some times, the client silent from 0 on. */
function beats(heartbeat: Heartbeat, times: readonly number[]): number[] {
  return times.filter((now) => heartbeat.beat(now));
}

function everySecond(now = 0): Heartbeat {
  const heartbeat = new Heartbeat(now);
  heartbeat.start(1000, now);
  return heartbeat;
}

describe("Heartbeat", () => {
  it("[HB1] a heartbeat is owed every interval", () => {
    const times = Array.from({ length: 51 }, (_, index) => index * 100);
    expect(beats(everySecond(), times)).toEqual([1000, 2000, 3000, 4000, 5000]);
  });

  it("[HB1] a heartbeat that comes late is sent once, and the next an interval later", () => {
    expect(beats(everySecond(), [999, 3500, 3600, 4000, 4499, 4500])).toEqual([3500, 4500]);
  });

  it("[HB1] two intervals of silence end the connection", () => {
    const heartbeat = everySecond();
    expect([0, 1000, 1999, 2000, 5000].map((now) => heartbeat.isTooSilent(now))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it("[HB1] whatever the client says begins the silence anew", () => {
    const heartbeat = everySecond();
    heartbeat.heard(1500);
    expect([2000, 3499, 3500].map((now) => heartbeat.isTooSilent(now))).toEqual([false, false, true]);
    expect(heartbeat.heardAt).toBe(1500);
  });

  it("[HB1] what is heard moves no heartbeat", () => {
    const heartbeat = everySecond();
    heartbeat.heard(900);
    expect(beats(heartbeat, [999, 1000])).toEqual([1000]);
  });

  it("[HB1] as nsqd: an idle client gets two heartbeats and is closed with the second", () => {
    const heartbeat = everySecond();
    const seen: string[] = [];
    for (let now = 0; now <= 2000; now += 100) {
      if (heartbeat.beat(now)) seen.push(`heartbeat at ${now}`);
      if (heartbeat.isTooSilent(now)) seen.push(`closed at ${now}`);
    }
    expect(seen).toEqual(["heartbeat at 1000", "heartbeat at 2000", "closed at 2000"]);
  });

  it("[HB1] 0 turns both off", () => {
    const heartbeat = everySecond();
    heartbeat.start(0, 500);
    expect(beats(heartbeat, [1000, 2000, 1e12])).toEqual([]);
    expect([heartbeat.isTooSilent(1e12), heartbeat.nextAt]).toEqual([false, Number.POSITIVE_INFINITY]);
  });

  it("[HB1] nothing is owed before an interval is known", () => {
    const heartbeat = new Heartbeat(7);
    expect([heartbeat.beat(1e12), heartbeat.isTooSilent(1e12), heartbeat.heardAt]).toEqual([false, false, 7]);
    expect([heartbeat.intervalMs, heartbeat.nextAt]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it("[HB1] a new interval counts from when it was settled", () => {
    const heartbeat = everySecond();
    heartbeat.start(5000, 900);
    expect([heartbeat.intervalMs, heartbeat.nextAt]).toEqual([5000, 5900]);
    expect(beats(heartbeat, [1000, 5899, 5900])).toEqual([5900]);
    expect([10_899, 10_900].map((now) => heartbeat.isTooSilent(now))).toEqual([false, true]);
  });

  it("[HB1] the next thing to do is the heartbeat or the end, whichever comes first", () => {
    const heartbeat = everySecond();
    expect(heartbeat.nextAt).toBe(1000);
    heartbeat.beat(1000);
    expect(heartbeat.nextAt).toBe(2000);
    heartbeat.heard(1700);
    expect(heartbeat.nextAt).toBe(2000);
    heartbeat.beat(2900);
    expect(heartbeat.nextAt).toBe(3700);
  });
});
