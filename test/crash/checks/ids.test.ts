import { describe, expect, it } from "vitest";
import { History, only } from "./history.ts";
import { checkIds } from "./ids.ts";

function begin() {
  const history = new History();
  const channel = history.channel();
  return { history, channel, consumer: history.consumer(channel) };
}

describe("checkIds", () => {
  it("[DUR1] sees a body that nobody published", () => {
    const { history, consumer } = begin();
    consumer.delivered("01", 1, "x");
    expect(checkIds(history.ledger)).toEqual(only("[DUR1] nobody published"));
  });

  it("[DUR1] sees a message that is in the log twice, be it for another channel", () => {
    const { history, consumer } = begin();
    history.publish("x");
    consumer.delivered("01", 1, "x");
    history.consumer(history.channel("b")).delivered("01", 1, "x");
    expect(checkIds(history.ledger)).toEqual([]);
    history.consumer(history.channel("c")).delivered("02", 1, "x");
    expect(checkIds(history.ledger)).toContainEqual(expect.stringContaining("[DUR1] twice in the log, also as 01"));
  });

  it("[LOG1] sees an id that two messages have", () => {
    const { history, consumer } = begin();
    history.publish("x");
    history.publish("y");
    consumer.delivered("01", 1, "x");
    history.kill();
    history.consumer(history.channel("b")).delivered("01", 1, "y");
    expect(checkIds(history.ledger)).toEqual(only('[LOG1] the id was of "x"'));
  });

  it("[LOG1] sees that what was published after an acknowledgement lies before it", () => {
    const { history, consumer } = begin();
    history.publish("x");
    history.inDoubt(["y"]);
    consumer.delivered("01", 2, "y");
    consumer.delivered("02", 2, "x");
    expect(checkIds(history.ledger)).toEqual(only('[LOG1] "x" 02 was acknowledged before "y" was published'));
  });

  it("[LOG1] lets publishes at the same time come in any order", () => {
    const { history, consumer } = begin();
    const x = history.inDoubt(["x"]);
    history.publish("y");
    history.ledger.acked(x);
    consumer.delivered("01", 1, "y");
    consumer.delivered("02", 1, "x");
    expect(checkIds(history.ledger)).toEqual([]);
  });

  it("[SES2] sees that publishes of one connection changed places", () => {
    const { history, consumer } = begin();
    const connection = {};
    history.inDoubt(["x"], 0, connection);
    history.inDoubt(["y"], 0, connection);
    consumer.delivered("01", 1, "y");
    consumer.delivered("02", 1, "x");
    expect(checkIds(history.ledger)).toEqual(only('[SES2] "x" 02 follows "y"'));
  });

  it("[SES2] sees that messages of one MPUB changed places", () => {
    const { history, consumer } = begin();
    history.inDoubt(["x", "y"]);
    consumer.delivered("01", 1, "y");
    consumer.delivered("02", 1, "x");
    expect(checkIds(history.ledger)).toEqual(only('[SES2] "x" 02 follows "y"'));
  });

  it("[CHN4] sees a first delivery that is out of order on its connection, but for deferred and further ones", () => {
    const { history, channel, consumer } = begin();
    for (const body of ["x", "y", "z"]) history.publish(body);
    history.publish("later", 100);
    consumer.delivered("03", 1, "z");
    consumer.delivered("01", 2, "x");
    expect(checkIds(history.ledger)).toEqual([]);
    history.consumer(channel).delivered("04", 1, "later");
    history.consumer(channel).delivered("02", 1, "y");
    expect(checkIds(history.ledger)).toEqual([]);
    consumer.delivered("02", 1, "y");
    expect(checkIds(history.ledger)).toEqual(only("[CHN4] after 03 came a 02"));
  });
});
