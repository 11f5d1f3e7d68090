import { describe, expect, it } from "vitest";
import { counts, History, only } from "./history.ts";
import { checkRestarts } from "./restarts.ts";

function begin() {
  const history = new History();
  const channel = history.channel();
  return { history, channel, check: () => checkRestarts(history.ledger) };
}

describe("checkRestarts", () => {
  it("[DUR1] sees that an acknowledged message does not count, or one that nobody published does", () => {
    const { history, check } = begin();
    history.publish("x");
    history.inDoubt(["y", "z"]);
    history.kill();
    for (const messageCount of [1, 2, 3]) history.ledger.looked(counts(messageCount, { name: "a", depth: 1 }));
    expect(check()).toEqual([]);
    history.ledger.looked(counts(4, { name: "a", depth: 1 }));
    expect(check()).toEqual(only("[DUR1] topic has message_count 4, not 1 to 3"));
  });

  it("[DUR1] counts a message that was delivered, and with it all of its MPUB", () => {
    const { history, channel, check } = begin();
    history.inDoubt(["y", "z"]);
    history.consumer(channel).delivered("01", 1, "y");
    history.kill();
    history.ledger.looked(counts(1, { name: "a" }));
    expect(check()).toContainEqual(expect.stringContaining("[DUR1] topic has message_count 1, not 2 to 2"));
  });

  it("[DUR1] sees a count that falls from one life to the next, of the topic and of a channel", () => {
    const { history, channel, check } = begin();
    history.inDoubt(["x", "y"]);
    history.kill();
    history.ledger.looked(counts(2, { name: "a" }));
    history.kill();
    history.ledger.looked(counts(1, { name: "a" }));
    expect(check()).toEqual([
      expect.stringContaining("[DUR1] topic had message_count 2, and 1"),
      expect.stringContaining("[DUR1] a had message_count 2, and 1"),
    ]);
    history.delete(channel);
    history.channel();
    history.kill();
    history.ledger.looked(counts(1, { name: "a", messageCount: 0 }));
    expect(check()).toHaveLength(2);
  });

  it("[DUR1] sees a channel that has not all messages of the topic, or more than it can have", () => {
    const { history, check } = begin();
    history.publish("x");
    history.channel("b");
    history.publish("y");
    history.kill();
    history.ledger.looked(counts(2, { name: "a", depth: 2 }, { name: "b", messageCount: 1, depth: 1 }));
    expect(check()).toEqual([]);
    history.ledger.looked(
      counts(2, { name: "a", messageCount: 1, depth: 2 }, { name: "b", messageCount: 3, depth: 1 }),
    );
    expect(check().filter((text) => !text.includes("had"))).toEqual([
      expect.stringContaining("[DUR1] a has message_count 1, not 2 to 2"),
      expect.stringContaining("[DUR1] b has message_count 3, not 1 to 2"),
    ]);
  });

  it("[DUR1] sees a channel that does not keep what nobody can have finished", () => {
    const { history, channel, check } = begin();
    for (const body of ["x", "y", "z"]) history.publish(body);
    const consumer = history.consumer(channel);
    consumer.answering(consumer.delivered("01", 1, "x"), "FIN");
    consumer.answering(consumer.delivered("02", 1, "y"), "REQ");
    history.kill();
    history.ledger.looked(counts(3, { name: "a", depth: 1, deferred: 1 }));
    expect(check()).toEqual([]);
    history.ledger.looked(counts(3, { name: "a", depth: 1 }));
    expect(check()).toEqual(only("[DUR1] a keeps 1, though 2 were not finished"));
  });

  it("[LOG2] expects of a paused topic that its messages wait there", () => {
    const { history, check } = begin();
    history.pause(history.ledger.topicPause, true);
    history.publish("x");
    history.kill();
    history.ledger.looked({ ...counts(1, { name: "a", messageCount: 0 }), depth: 1, isPaused: true });
    expect(check()).toEqual([]);
  });

  it("[DUR3] sees that a REQ with a delay is not counted, or that more are than there were", () => {
    const { history, channel, check } = begin();
    history.publish("x");
    history.publish("y");
    const consumer = history.consumer(channel);
    history.requeue(consumer.delivered("01", 1, "x"), 100);
    consumer.answering(consumer.delivered("02", 1, "y"), "REQ", 0);
    history.kill();
    const look = (requeueCount: number) => history.ledger.looked(counts(2, { name: "a", depth: 2, requeueCount }));
    for (const requeueCount of [1, 2]) look(requeueCount);
    expect(check()).toEqual([]);
    for (const requeueCount of [0, 3]) look(requeueCount);
    expect(check()).toEqual([
      expect.stringContaining("[DUR3] a has requeue_count 0, not 1 to 2"),
      expect.stringContaining("[DUR3] a has requeue_count 3, not 1 to 2"),
    ]);
  });

  it("[DUR1] [DUR9] sees a channel that is gone, and one that should be", () => {
    const { history, check } = begin();
    history.delete(history.channel("b"));
    history.kill();
    history.ledger.looked(counts(0, { name: "b" }));
    expect(check()).toEqual([
      expect.stringContaining("[DUR1] channel a is gone"),
      expect.stringContaining("[DUR9] channel b was deleted, or never made"),
    ]);
  });

  it("[DUR1] lets a channel be there or not when that was in doubt, until it was looked at", () => {
    const { history, check } = begin();
    history.ledger.creating("b");
    history.ledger.deleting(history.channel("c"));
    history.kill();
    const [a, b, c] = [{ name: "a" }, { name: "b" }, { name: "c" }];
    history.ledger.looked(counts(0, a, c));
    history.ledger.looked(counts(0, a, b));
    expect(check()).toEqual([]);
    history.ledger.looked(counts(0, a, c));
    expect(check()).toEqual([
      expect.stringContaining("[DUR1] channel b is gone"),
      expect.stringContaining("[DUR9] channel c was deleted"),
    ]);
  });

  it("[DUR3] sees a pause that was forgotten, or that nobody asked for", () => {
    const { history, channel, check } = begin();
    history.pause(channel.pause, true);
    history.kill();
    history.ledger.looked({ ...counts(0, { name: "a", isPaused: true }), isPaused: true });
    expect(check()).toEqual(only("[DUR3] topic is paused"));
    history.ledger.looked({ ...counts(0, { name: "a" }), isPaused: true });
    expect(check()).toContainEqual(expect.stringContaining("[DUR3] a is not paused"));
  });

  it("[DUR3] lets a pause be in doubt, until it was looked at", () => {
    const { history, channel, check } = begin();
    history.ledger.pausing(channel.pause, true);
    history.kill();
    history.ledger.looked(counts(0, { name: "a", isPaused: true }));
    expect(check()).toEqual([]);
    history.kill();
    history.ledger.looked(counts(0, { name: "a" }));
    expect(check()).toEqual(only("[DUR3] a is not paused"));
  });

  it("[DUR5] sees what is still in flight to those who were killed with the broker", () => {
    const { history, channel, check } = begin();
    for (const body of ["x", "y", "z"]) history.publish(body);
    history.consumer(channel, 1).isClosed = true;
    history.consumer(channel, 2);
    history.kill();
    history.ledger.looked(counts(3, { name: "a", depth: 2, inFlight: 1 }));
    expect(check()).toEqual([]);
    history.ledger.looked(counts(3, { name: "a", depth: 1, inFlight: 2 }));
    expect(check()).toEqual(only("[DUR5] a has 2 in flight in life 2, 1 at most"));
  });
});
