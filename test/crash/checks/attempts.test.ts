import { describe, expect, it } from "vitest";
import { checkAttempts } from "./attempts.ts";
import { History, only } from "./history.ts";

function begin() {
  const history = new History();
  const channel = history.channel();
  history.publish("x");
  const consume = () => history.consumer(channel);
  return { history, consume, check: () => checkAttempts(history.ledger) };
}

describe("checkAttempts", () => {
  it("[CHN3] sees the same attempts twice in a life, on any connections", () => {
    const { consume, check } = begin();
    consume().delivered("01", 1, "x");
    consume().delivered("01", 2, "x");
    expect(check()).toEqual([]);
    consume().delivered("01", 2, "x");
    expect(check()).toEqual(only("[CHN3] twice in a life: a 01"));
  });

  it("[CHN3] sees attempts that fall on a connection; two connections may be read in any order", () => {
    const { consume, check } = begin();
    const [a, b] = [consume(), consume()];
    a.delivered("01", 3, "x");
    b.delivered("01", 1, "x");
    expect(check()).toEqual([]);
    a.delivered("01", 2, "x");
    expect(check()).toEqual(only("[CHN3] after 3 attempts: a 01"));
  });

  it("[DUR3] sees a further delivery that a kill made forgotten, but lets a first one be so", () => {
    const { history, consume, check } = begin();
    consume().delivered("01", 1, "x");
    history.kill();
    consume().delivered("01", 1, "x");
    expect(check()).toEqual([]);
    consume().delivered("01", 2, "x");
    history.kill();
    consume().delivered("01", 2, "x");
    expect(check()).toEqual(only("[DUR3] after 2 attempts that were saved: a 01"));
  });

  it("[DUR3] sees that attempts were forgotten two lives ago", () => {
    const { history, consume, check } = begin();
    consume().delivered("01", 5, "x");
    history.kill();
    history.kill();
    consume().delivered("01", 4, "x");
    expect(check()).toEqual(only("[DUR3] after 5 attempts that were saved"));
  });

  it("[DUR3] sees a first delivery forgotten though the message was then deferred", () => {
    const { history, consume, check } = begin();
    history.requeue(consume().delivered("01", 1, "x"), 100);
    history.kill();
    consume().delivered("01", 1, "x");
    expect(check()).toEqual(only("[DUR3] after 1 attempts that were saved"));
  });

  it("[DUR3] lets a REQ be forgotten that nobody knows to be carried out, or that defers nothing", () => {
    const { history, consume, check } = begin();
    const unproven = consume().delivered("01", 1, "x");
    unproven.consumer.answering(unproven, "REQ", 100);
    history.publish("y");
    history.requeue(consume().delivered("02", 1, "y"), 0);
    history.kill();
    consume().delivered("01", 1, "x");
    consume().delivered("02", 1, "y");
    expect(check()).toEqual([]);
  });
});
