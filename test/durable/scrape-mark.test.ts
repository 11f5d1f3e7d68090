import { describe, expect, it } from "vitest";
import { ScrapeMark } from "../../src/durable/scrape-mark.ts";

/** A mark of a topic whose calls to Lookup are answered one by one. */
function marked() {
  const calls: PromiseWithResolvers<void>[] = [];
  const wakes: number[] = [];
  const mark = new ScrapeMark({
    isScraped: () => true,
    tell: () => {
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    },
    failed: () => {},
    wakeWithin: (ms) => wakes.push(ms),
  });
  const settle = async (index: number, outcome: "told" | "lost") => {
    if (outcome === "told") calls[index]?.resolve();
    else calls[index]?.reject(new Error("lost"));
    await scheduler.wait(1);
  };
  return { mark, calls, wakes, settle };
}

const MINUTE = 60_000;

describe("a topic's mark", () => {
  it("[MET4] sees to it that it is looked after, however often Lookup cannot be told: also when the alarm told it", async () => {
    const { mark, calls, wakes, settle } = marked();
    mark.changed();
    expect(wakes).toEqual([10 * MINUTE]); // should this life end before Lookup knows
    await settle(0, "lost");
    expect(wakes).toEqual([10 * MINUTE, MINUTE]);
    for (let i = 1; i <= 3; i++) {
      const checked = mark.check();
      expect([calls.length, wakes.length]).toEqual([1 + i, 1 + i]);
      await settle(i, i < 3 ? "lost" : "told");
      await checked;
    }
    expect(wakes).toEqual([10 * MINUTE, MINUTE, MINUTE, MINUTE]);
    await mark.check();
    expect(calls.length).toBe(4);
  });

  it("[MET4] an alarm that rings while Lookup is being told waits for that: it is the only one there was", async () => {
    const { mark, calls, settle } = marked();
    mark.changed();
    let isOver = false;
    const checked = mark.check().then(() => {
      isOver = true;
    });
    await scheduler.wait(1);
    expect([calls.length, isOver]).toEqual([1, false]);
    await settle(0, "told");
    await checked;
  });

  it("[MET6] a new life tells what it need not, and sets no alarm for it", async () => {
    const { mark, calls, wakes, settle } = marked();
    const checked = mark.check();
    await settle(0, "told");
    await checked;
    expect([calls.length, wakes]).toEqual([1, []]);
  });
});
