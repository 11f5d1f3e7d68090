import { describe, expect, it } from "vitest";
import { History, only } from "./history.ts";
import { checkPauses } from "./pauses.ts";

function begin() {
  const history = new History();
  const channel = history.channel();
  const consume = () => history.consumer(channel);
  return { history, channel, consume, check: () => checkPauses(history.ledger) };
}

describe("checkPauses", () => {
  it("[CHN13] sees what a paused channel delivers, over a kill too", () => {
    const { history, channel, consume, check } = begin();
    history.publish("x");
    history.pause(channel.pause, true);
    history.kill();
    consume().delivered("01", 1, "x");
    expect(check()).toEqual(only("[CHN13] while its channel was paused: a 01"));
  });

  it("[CHN13] lets come what may have been on its way, or come after", () => {
    const { history, channel, consume, check } = begin();
    const consumer = consume();
    history.publish("x");
    history.pause(channel.pause, true);
    consumer.delivered("01", 1, "x");
    history.pass(1);
    history.ledger.pausing(channel.pause, false);
    consume().delivered("02", 1, "x");
    expect(check()).toEqual([]);
  });

  it.each(["a publish", "a barrier"])("[CHN13] knows by %s that it was not on its way", (evidence) => {
    const { history, channel, consume, check } = begin();
    const consumer = consume();
    if (evidence === "a barrier") history.publish("x");
    history.pause(channel.pause, true);
    if (evidence === "a barrier") history.prove(consumer);
    else history.publish("x");
    consumer.delivered("01", 1, "x");
    expect(check()).toEqual(only("[CHN13]"));
  });

  it("[CHN13] does not take a pause for certain that was not confirmed", () => {
    const { history, channel, consume, check } = begin();
    history.ledger.pausing(channel.pause, true);
    history.publish("x");
    consume().delivered("01", 1, "x");
    expect(check()).toEqual([]);
  });

  it("[LOG5] sees what was published to a paused topic and delivered", () => {
    const { history, consume, check } = begin();
    history.publish("before");
    history.pause(history.ledger.topicPause, true);
    history.publish("x");
    history.kill();
    const consumer = consume();
    consumer.delivered("01", 1, "before");
    expect(check()).toEqual([]);
    consumer.delivered("02", 1, "x");
    expect(check()).toEqual(only("[LOG5] published and delivered while its topic was paused: a 02"));
  });

  it("[LOG3] [DUR9] sees a channel that has messages from before its time", () => {
    const { history, check } = begin();
    const first = history.channel("b");
    history.publish("x");
    history.delete(first);
    history.consumer(history.channel("b")).delivered("01", 1, "x");
    expect(check()).toEqual(only("[LOG3] from before its channel: b 01"));
  });

  it("[LOG3] [LOG5] lets a channel have what waited at the paused topic", () => {
    const { history, check } = begin();
    history.pause(history.ledger.topicPause, true);
    history.publish("x");
    const channel = history.channel("b");
    history.ledger.pausing(history.ledger.topicPause, false);
    history.consumer(channel).delivered("01", 1, "x");
    expect(check()).toEqual([]);
  });
});
