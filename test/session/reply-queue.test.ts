import { describe, expect, it } from "vitest";
import { ReplyQueue, settle } from "../../src/session/reply-queue.ts";
import { bytesOf, textOf } from "../helpers/commands.ts";
import { Random } from "../helpers/random.ts";

// A frame is a letter here: the queue does not look into frames.

function taken(queue: ReplyQueue): string {
  const out: Uint8Array[] = [];
  queue.take(out);
  return out.map((frame) => textOf(frame)).join("");
}

describe("ReplyQueue", () => {
  it("[SES2] replies that are known at once go out in order", () => {
    const queue = new ReplyQueue();
    for (const reply of ["a", "b", "c"]) queue.push(bytesOf(reply));
    expect([queue.isEmpty, taken(queue), queue.isEmpty, taken(queue)]).toEqual([false, "abc", true, ""]);
  });

  it("[SES2] what is behind an open place waits for it", () => {
    const queue = new ReplyQueue();
    queue.push(bytesOf("a"));
    const receipt = queue.expect({});
    queue.push(bytesOf("c"));
    expect([taken(queue), taken(queue), queue.isEmpty]).toEqual(["a", "", false]);
    settle(receipt, bytesOf("b"), 1);
    expect([taken(queue), queue.isEmpty]).toEqual(["bc", true]);
  });

  it("[SES2] receipts that are settled in any order are answered in the order of their places", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new Random(seed);
      const queue = new ReplyQueue();
      const letters = [..."abcdefghij"];
      const open = letters.map((letter) => ({ letter, receipt: queue.expect({}) }));
      let out = "";
      while (open.length > 0) {
        const [{ letter, receipt } = { letter: "", receipt: queue.expect({}) }] = open.splice(
          random.int(open.length),
          1,
        );
        settle(receipt, bytesOf(letter), 1);
        out += taken(queue);
        expect("abcdefghij".startsWith(out), `seed ${seed}: ${out}`).toBe(true);
      }
      expect([out, queue.isEmpty]).toEqual(["abcdefghij", true]);
    }
  });

  it("[SES2] places in a row with one owner share a receipt, with others or a reply between them they do not", () => {
    const queue = new ReplyQueue();
    const [one, two] = [{}, {}];
    const first = queue.expect(one);
    expect(queue.expect(one)).toBe(first);
    expect(first.expected).toBe(2);
    const second = queue.expect(two);
    const third = queue.expect(one);
    queue.push(bytesOf("x"));
    const fourth = queue.expect(one);
    expect(new Set([first, second, third, fourth]).size).toBe(4);
  });

  it("[SES2] a receipt that is settled in part lets its replies out, and holds what is behind", () => {
    const queue = new ReplyQueue();
    const owner = {};
    const receipt = queue.expect(owner);
    queue.expect(owner);
    queue.expect(owner);
    queue.push(bytesOf("d"));
    settle(receipt, bytesOf("ab"), 2);
    expect([taken(queue), taken(queue)]).toEqual(["ab", ""]);
    settle(receipt, bytesOf("c"), 1);
    expect([taken(queue), queue.isEmpty]).toEqual(["cd", true]);
  });

  it("[SES2] a receipt that was taken is not joined by a later publish", () => {
    const queue = new ReplyQueue();
    const owner = {};
    const first = queue.expect(owner);
    settle(first, bytesOf("a"), 1);
    expect(taken(queue)).toBe("a");
    const second = queue.expect(owner);
    expect(second).not.toBe(first);
    expect([taken(queue), queue.isEmpty]).toEqual(["", false]);
  });

  it("[SES2] a publish joins a receipt of its owner that is settled and not yet taken", () => {
    const queue = new ReplyQueue();
    const [slow, fast] = [{}, {}];
    const before = queue.expect(slow);
    const receipt = queue.expect(fast);
    settle(receipt, bytesOf("b"), 1);
    expect(queue.expect(fast)).toBe(receipt);
    settle(before, bytesOf("a"), 1);
    expect([taken(queue), queue.isEmpty]).toEqual(["ab", false]);
    settle(receipt, bytesOf("c"), 1);
    expect([taken(queue), queue.isEmpty]).toEqual(["c", true]);
  });

  it("[SES3] the last reply takes the first open place of its receipt, and all behind it is dropped", () => {
    const queue = new ReplyQueue();
    const owner = {};
    queue.push(bytesOf("a"));
    const receipt = queue.expect(owner);
    queue.expect(owner);
    queue.expect(owner);
    queue.push(bytesOf("-"));
    queue.expect({});
    settle(receipt, bytesOf("b"), 1);
    queue.endWith(receipt, bytesOf("E"));
    expect([taken(queue), queue.isEmpty]).toEqual(["abE", true]);
  });

  it("[SES3] replies owed before the last one still go out first", () => {
    const queue = new ReplyQueue();
    const slow = queue.expect({});
    const failed = queue.expect({});
    queue.endWith(failed, bytesOf("E"));
    expect([taken(queue), queue.isEmpty]).toEqual(["", false]);
    settle(slow, bytesOf("a"), 1);
    expect([taken(queue), queue.isEmpty]).toEqual(["aE", true]);
  });

  it("[SES3] of two receipts that fail the earlier counts, when the later fails first", () => {
    const queue = new ReplyQueue();
    const [slow, first, second] = [queue.expect({}), queue.expect({}), queue.expect({})];
    queue.endWith(second, bytesOf("2"));
    queue.endWith(first, bytesOf("1"));
    settle(slow, bytesOf("a"), 1);
    expect([taken(queue), queue.isEmpty]).toEqual(["a1", true]);
  });

  it("[SES3] of two receipts that fail the earlier counts, when the earlier fails first", () => {
    const queue = new ReplyQueue();
    const [slow, first, second] = [queue.expect({}), queue.expect({}), queue.expect({})];
    queue.endWith(first, bytesOf("1"));
    queue.endWith(second, bytesOf("2"));
    settle(slow, bytesOf("a"), 1);
    expect([taken(queue), queue.isEmpty]).toEqual(["a1", true]);
  });

  it("[SES3] what is settled after it was dropped comes to nobody", () => {
    const queue = new ReplyQueue();
    const [failed, dropped] = [queue.expect({}), queue.expect({})];
    queue.endWith(failed, bytesOf("E"));
    settle(dropped, bytesOf("x"), 1);
    expect([taken(queue), queue.isEmpty]).toEqual(["E", true]);
  });
});
