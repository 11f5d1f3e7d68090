import { describe, expect, it } from "vitest";
import type { Delivery } from "../consumer-record.ts";
import { PARKED_MS } from "../ledger.ts";
import { checkEnd } from "./end.ts";
import { counts, History, only } from "./history.ts";

function begin() {
  const history = new History();
  const channel = history.channel();
  return { history, channel, consumer: history.consumer(channel), check: () => checkEnd(history.ledger) };
}

describe("checkEnd", () => {
  it("[DUR1] sees an acknowledged message that a channel never got", () => {
    const { history, consumer, check } = begin();
    const other = history.consumer(history.channel("b"));
    history.publish("x");
    history.finish(consumer.delivered("01", 1, "x"));
    const end = () => history.ledger.ended(counts(1, { name: "a" }, { name: "b" }));
    end();
    expect(check()).toContainEqual(expect.stringContaining('[DUR1] b never got "x", which was acknowledged'));
    history.finish(other.delivered("01", 1, "x"));
    end();
    expect(check()).toEqual([]);
  });

  it("[DUR1] sees that one channel never got what another one shows to be stored, or the rest of its MPUB", () => {
    const { history, channel, consumer, check } = begin();
    history.channel("b");
    history.inDoubt(["x", "y"]);
    history.finish(consumer.delivered("01", 1, "x"));
    history.ledger.ended(counts(2, { name: "a" }, { name: "b", depth: 0 }));
    expect(check().filter((text) => text.includes("never got"))).toEqual([
      expect.stringContaining('[DUR1] a never got "y", which was stored'),
      expect.stringContaining('[DUR1] b never got "x"'),
      expect.stringContaining('[DUR1] b never got "y"'),
    ]);
    expect(channel.deliveries.size).toBe(1);
  });

  it("[DUR1] expects nothing of what was in doubt and nobody saw, or was published before the channel was there for certain", () => {
    const { history, consumer, check } = begin();
    history.inDoubt(["lost"]);
    const later = history.ledger.creating("b");
    history.publish("x");
    history.ledger.confirmed(later.creation);
    history.finish(consumer.delivered("01", 1, "x"));
    history.ledger.ended(counts(1, { name: "a" }, { name: "b" }));
    expect(check()).toEqual([]);
  });

  it.each([
    ["was left unanswered", () => {}],
    ["was requeued", (history, delivery) => history.requeue(delivery, 0)],
    ["was deferred for a while", (history, delivery) => history.requeue(delivery, 100)],
    [
      "was refused to be finished",
      (_history, delivery) => {
        delivery.consumer.answering(delivery, "FIN");
        delivery.consumer.refused("E_FIN_FAILED FIN 01 failed ID not in flight");
      },
    ],
  ] as [string, (history: History, delivery: Delivery) => void][])(
    "[DUR1] sees a message that %s and never came again",
    (_what, answer) => {
      const { history, consumer, check } = begin();
      history.publish("x");
      const delivery = consumer.delivered("01", 1, "x");
      answer(history, delivery);
      history.ledger.ended(counts(1, { name: "a", requeueCount: delivery.answer?.kind === "REQ" ? 1 : 0 }));
      expect(check()).toContainEqual(expect.stringContaining("[DUR1] not finished, and never came again: a 01"));
    },
  );

  it("[DUR1] looks at the last delivery, in the order of lives and attempts", () => {
    const { history, channel, consumer, check } = begin();
    history.publish("x");
    history.finish(consumer.delivered("01", 2, "x"));
    history.kill();
    const later = history.consumer(channel);
    later.delivered("01", 4, "x");
    history.finish(later.delivered("01", 3, "x"));
    history.ledger.ended(counts(1, { name: "a" }));
    expect(check()).toContainEqual(expect.stringContaining("[DUR1] not finished, and never came again: a 01"));
  });

  it("[CHN1] sees what is left over, but for what stays deferred", () => {
    const { history, consumer, check } = begin();
    history.publish("x");
    history.publish("y", PARKED_MS);
    history.requeue(consumer.delivered("01", 1, "x"), PARKED_MS);
    history.ledger.ended(counts(2, { name: "a", deferred: 2, requeueCount: 1 }));
    expect(check()).toEqual([]);
    history.ledger.ended(counts(2, { name: "a", depth: 1, deferred: 1, requeueCount: 1 }));
    expect(check()).toEqual([
      expect.stringContaining("[CHN1] a has depth 1 and 0 in flight"),
      expect.stringContaining("[CHN1] a has 1 deferred in the end, not 2 to 2"),
    ]);
  });

  it("[CHN1] leaves open what stays deferred when that was in doubt", () => {
    const { history, check } = begin();
    history.inDoubt(["x"], PARKED_MS);
    for (const deferred of [0, 1]) {
      history.ledger.ended(counts(deferred, { name: "a", deferred }));
      expect(check()).toEqual([]);
    }
    history.ledger.ended(counts(1, { name: "a", deferred: 2 }));
    expect(check()).toEqual(only("[CHN1] a has 2 deferred in the end, not 0 to 1"));
  });

  it("[DUR1] expects the topic to count exactly what was seen and acknowledged", () => {
    const { history, consumer, check } = begin();
    history.publish("x");
    history.inDoubt(["y"]);
    history.finish(consumer.delivered("01", 1, "x"));
    history.ledger.ended(counts(2, { name: "a" }));
    expect(check()).toEqual(only("[DUR1] topic has message_count 2, not 1 to 1"));
  });

  it("[DUR9] sees a channel that was deleted", () => {
    const { history, channel, check } = begin();
    history.delete(channel);
    history.ledger.ended(counts(0, { name: "a" }));
    expect(check()).toEqual(only("[DUR9] channel a should not be there"));
  });
});
