// What is lost by deleting or emptying something, in words.

import { describe, expect, it } from "vitest";
import { channelLoss, deleteText, emptyText, isNothing, type Loss, topicLoss } from "../../../src/admin/ui/losses.ts";
import { channelView, topicView } from "./views.ts";

function loss(waiting: number, inFlight: number, deferred: number, consumers: number): Loss {
  return { waiting, inFlight, deferred, consumers };
}

describe("what is lost", () => {
  it("[PAGE2] with a channel: its messages in each state, and its consumers", () => {
    const channel = channelView({ depth: 1, in_flight_count: 2, deferred_count: 3, client_count: 4 });
    expect(channelLoss(channel)).toEqual(loss(1, 2, 3, 4));
  });

  it("[PAGE2] with a topic: what waits in it, and what each of its channels has", () => {
    const first = channelView({ depth: 1, in_flight_count: 2, deferred_count: 3, client_count: 4 });
    const second = channelView({ depth: 10, in_flight_count: 20, deferred_count: 30, client_count: 40 });
    expect(topicLoss(topicView({ depth: 100, channels: [first, second] }))).toEqual(loss(111, 22, 33, 44));
    expect(topicLoss(topicView({ depth: 100 }))).toEqual(loss(100, 0, 0, 0));
  });

  it("[PAGE2] is nothing only when there is nothing of any kind", () => {
    expect(isNothing(loss(0, 0, 0, 0))).toBe(true);
    const some = [loss(1, 0, 0, 0), loss(0, 1, 0, 0), loss(0, 0, 1, 0), loss(0, 0, 0, 1)];
    expect(some.map(isNothing)).toEqual([false, false, false, false]);
  });
});

describe("deleteText", () => {
  it.each([
    [
      loss(1_234, 12, 3, 4),
      "1,234 messages waiting, 12 in flight and 3 deferred will be lost, and 4 consumers disconnected.",
    ],
    [loss(1, 1, 1, 1), "1 message waiting, 1 in flight and 1 deferred will be lost, and 1 consumer disconnected."],
    [loss(2, 1_000, 0, 0), "2 messages waiting and 1,000 in flight will be lost."],
    [loss(2, 0, 1, 0), "2 messages waiting and 1 deferred will be lost."],
    [loss(1, 0, 0, 0), "1 message waiting will be lost."],
    [loss(0, 1, 0, 0), "1 message in flight will be lost."],
    [loss(0, 0, 5, 2), "5 messages deferred will be lost, and 2 consumers disconnected."],
    [loss(0, 0, 0, 1), "1 consumer will be disconnected."],
    [loss(0, 0, 0, 1_000), "1,000 consumers will be disconnected."],
    [loss(0, 0, 0, 0), "It is empty: nothing is lost."],
  ])("[PAGE2] of %j says: %s", (lost, text) => {
    expect(deleteText(lost)).toBe(text);
  });
});

describe("emptyText", () => {
  it.each([
    [loss(1_234, 12, 3, 4), "1,234 messages waiting, 12 in flight and 3 deferred will be lost."],
    [loss(0, 1, 2, 0), "1 message in flight and 2 deferred will be lost."],
    [loss(0, 0, 0, 4), "There is nothing in it now."],
  ])("[PAGE2] of %j names the messages and not the consumers, who stay: %s", (lost, text) => {
    expect(emptyText(lost)).toBe(text);
  });
});
