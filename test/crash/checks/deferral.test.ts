import { describe, expect, it } from "vitest";
import { checkDeferral } from "./deferral.ts";
import { History, only } from "./history.ts";

function begin() {
  const history = new History();
  const channel = history.channel();
  const consume = () => history.consumer(channel);
  return { history, consume, check: () => checkDeferral(history.ledger) };
}

describe("checkDeferral", () => {
  it("[CHN10] sees a deferred message that is early, over a kill too", () => {
    const { history, consume, check } = begin();
    history.publish("x", 100);
    history.publish("y", 100);
    history.kill();
    history.pass(99);
    consume().delivered("01", 1, "x");
    expect(check()).toEqual(only("[CHN10] 1 ms early: a 01"));
    history.pass(1);
    consume().delivered("02", 1, "y");
    expect(check()).toHaveLength(1);
  });

  it("[DUR3] sees a message that comes before the REQ lets it, over a kill too", () => {
    const { history, consume, check } = begin();
    history.publish("x");
    history.requeue(consume().delivered("01", 1, "x"), 100);
    history.kill();
    history.pass(99);
    consume().delivered("01", 2, "x");
    expect(check()).toEqual(only("[DUR3] 1 ms before a REQ lets it: a 01"));
  });

  it("[DUR3] lets a REQ be lost that nobody knows to be carried out", () => {
    const { history, consume, check } = begin();
    history.publish("x");
    const delivery = consume().delivered("01", 1, "x");
    delivery.consumer.answering(delivery, "REQ", 100);
    history.kill();
    consume().delivered("01", 2, "x");
    expect(check()).toEqual([]);
  });
});
