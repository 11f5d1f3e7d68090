// What is kept of the figures, the rate of messages from them, and where a line is broken.

import { describe, expect, it } from "vitest";
import { Histories, History, type Sample, span } from "../../../src/admin/ui/history.ts";

function sample(at: number, messages: number, depth = 0, inFlight = 0): Sample {
  return { at, messages, depth, inFlight };
}

function historyOf(...samples: Sample[]): History {
  const history = new History();
  for (const each of samples) history.add(each);
  return history;
}

describe("rate", () => {
  it("[PAGE3] is not known from less than two samples", () => {
    expect(historyOf().rate()).toBeNull();
    expect(historyOf(sample(0, 1_000)).rate()).toBeNull();
  });

  it("[PAGE3] is that of the last ten seconds", () => {
    const history = historyOf(...[0, 500, 1_000, 1_000, 1_000].map((messages, i) => sample(i * 5, messages)));
    expect(history.rates()).toEqual({ times: [0, 5, 10, 15, 20], values: [null, 100, 100, 50, 0] });
    expect(history.rate()).toBe(0);
  });

  it("[PAGE3] takes a sample that comes half a second late for one in time, and none that comes later", () => {
    expect(historyOf(sample(0, 0), sample(5, 52.5), sample(10.5, 105)).rate()).toBe(10);
    expect(historyOf(sample(0, 0), sample(5, 100), sample(11, 160)).rate()).toBe(10);
  });

  it("[PAGE3] is that since the sample before when nobody looked for longer", () => {
    expect(historyOf(sample(0, 0), sample(2, 500), sample(42, 900)).rate()).toBe(10);
  });

  it("[PAGE3] begins anew with a count that went back: that is a new topic of the same name", () => {
    const history = historyOf(sample(0, 100, 9), sample(2, 200, 9), sample(4, 5, 1));
    expect(history.rate()).toBeNull();
    expect(history.depths()).toEqual({ times: [4], values: [1] });
    history.add(sample(6, 25, 2));
    expect(history.rate()).toBe(10);
  });

  it("[PAGE3] goes on with a count that stands still", () => {
    const history = historyOf(sample(0, 7), sample(2, 7));
    expect(history.rate()).toBe(0);
    expect(history.depths().times).toEqual([0, 2]);
  });
});

describe("a history", () => {
  it("[PAGE3] has the last sample", () => {
    expect(historyOf().last).toBeUndefined();
    expect(historyOf(sample(0, 1), sample(2, 3, 4, 5)).last).toEqual(sample(2, 3, 4, 5));
  });

  it("[PAGE3] leaves out what comes too late, and a second sample of an instant", () => {
    const history = historyOf(sample(10, 100, 1), sample(10, 200, 2), sample(8, 300, 3));
    expect(history.depths()).toEqual({ times: [10], values: [1] });
  });

  it("[PAGE3] an old answer with a lower count does not wipe it", () => {
    expect(historyOf(sample(8, 90), sample(10, 100), sample(9, 50)).depths().times).toEqual([8, 10]);
  });

  it.each([32, 33])("[PAGE3] keeps five minutes of %i samples", (samples) => {
    const history = historyOf(...Array.from({ length: samples }, (_, i) => sample(i * 10, i)));
    const { times } = history.depths();
    const last = (samples - 1) * 10;
    expect([times[0], times.at(-1), times.length]).toEqual([last - 300, last, 31]);
  });

  it("[PAGE3] shows depth and messages in flight over time", () => {
    const history = historyOf(sample(0, 0, 3, 1), sample(2, 0, 5, 0));
    expect(history.depths()).toEqual({ times: [0, 2], values: [3, 5] });
    expect(history.inFlights()).toEqual({ times: [0, 2], values: [1, 0] });
  });

  it("[PAGE3] breaks a line where nobody looked for more than 15 seconds", () => {
    const history = historyOf(sample(0, 0, 1, 4), sample(15, 150, 2, 5), sample(31, 310, 3, 6));
    const times = [0, 15, 16, 31];
    expect(history.depths()).toEqual({ times, values: [1, 2, null, 3] });
    expect(history.inFlights()).toEqual({ times, values: [4, 5, null, 6] });
    expect(history.rates()).toEqual({ times, values: [null, 10, null, 10] });
  });
});

describe("Histories", () => {
  it("[PAGE3] has one history for each name", () => {
    const all = new Histories();
    all.add("a", sample(0, 1));
    all.add("b", sample(0, 5));
    all.add("a", sample(2, 3));
    expect(all.of("a").rate()).toBe(1);
    expect(all.of("b").last).toEqual(sample(0, 5));
    expect(all.of("c").last).toBeUndefined();
  });

  it("[PAGE3] gives a page the history that later samples go to", () => {
    const all = new Histories();
    const shown = all.of("a");
    all.add("a", sample(2, 3));
    expect(shown.last).toEqual(sample(2, 3));
  });

  it("[PAGE3] forgets what had no sample for five minutes, and nothing else", () => {
    const all = new Histories();
    all.add("old", sample(0, 1));
    all.add("new", sample(1, 1));
    all.forgetOld(300);
    expect(all.of("old").last).toBeDefined();
    all.forgetOld(301);
    expect(all.of("old").last).toBeUndefined();
    expect(all.of("new").last).toBeDefined();
  });
});

describe("span", () => {
  it.each([
    ["a minute when nothing is known", [], [-60, 0]],
    ["a minute when one sample is known", [100], [40, 100]],
    ["a minute when less than that is known", [90, 95, 100], [40, 100]],
    ["all that is known when it is more", [10, 200, 310], [10, 310]],
  ] as const)("[PAGE3] is %s", (_, times, shown) => {
    expect(span(times)).toEqual(shown);
  });
});
