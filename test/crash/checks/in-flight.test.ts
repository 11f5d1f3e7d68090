import { describe, expect, it } from "vitest";
import { History, MINUTE, only } from "./history.ts";
import { checkInFlight } from "./in-flight.ts";

function begin() {
  const history = new History();
  const channel = history.channel();
  history.publish("x");
  const consume = (rdy = 10, msgTimeoutMs = MINUTE) => history.consumer(channel, rdy, msgTimeoutMs);
  return { history, channel, consume, check: () => checkInFlight(history.ledger) };
}

describe("checkInFlight", () => {
  it("[CHN2] sees a message that goes to a second consumer before it can have timed out", () => {
    const { history, consume, check } = begin();
    const [a, b] = [consume(10, 1_000), consume()];
    history.pass(500);
    a.delivered("01", 1, "x");
    history.pass(499);
    b.delivered("01", 2, "x");
    expect(check()).toEqual(only("[CHN2] still in flight since"));
  });

  it("[CHN2] [CHN8] lets it go on when its time may have run out: the broker sent it after publish, SUB and RDY", () => {
    const { history, consume, check } = begin();
    const [a, b] = [consume(10, 1_000), consume()];
    history.pass(500);
    a.delivered("01", 1, "x");
    history.pass(500);
    b.delivered("01", 2, "x");
    expect(check()).toEqual([]);
  });

  it("[CHN2] knows better when the broker sent it once a barrier was answered before", () => {
    const { history, consume, check } = begin();
    const [a, b] = [consume(10, 1_000), consume()];
    history.pass(500);
    history.prove(a);
    a.delivered("01", 1, "x");
    history.pass(999);
    b.delivered("01", 2, "x");
    expect(check()).toEqual(only("[CHN2]"));
  });

  it("[CHN2] [CHN9] counts from a TOUCH that was carried out", () => {
    const { history, consume, check } = begin();
    const [a, b] = [consume(10, 1_000), consume()];
    const touched = a.delivered("01", 1, "x");
    history.pass(900);
    a.answering(touched, "TOUCH");
    history.pass(300);
    b.delivered("01", 2, "x");
    expect(check()).toEqual([]);
    history.prove(a);
    expect(check()).toEqual(only("[CHN2]"));
  });

  it.each(["FIN", "REQ"] as const)("[CHN2] lets it go on after a %s, in the order of attempts", (kind) => {
    const { history, consume, check } = begin();
    const [a, b] = [consume(), consume()];
    a.answering(a.delivered("01", 1, "x"), kind);
    b.delivered("01", 2, "x");
    expect(check()).toEqual([]);
    history.publish("y");
    b.delivered("02", 2, "y");
    a.answering(a.delivered("02", 1, "y"), kind); // it was sent before, and read after
    expect(check()).toEqual(only("[CHN2] still in flight since"));
  });

  it("[CHN2] lets what is read late have been sent, and have timed out, before", () => {
    const { history, consume, check } = begin();
    const [a, b] = [consume(10, 1_000), consume()];
    history.pass(1_000);
    b.delivered("01", 2, "x");
    a.delivered("01", 1, "x");
    expect(check()).toEqual([]);
  });

  it("[CHN2] sees that it comes again to the same consumer, unanswered", () => {
    const { consume, check } = begin();
    const a = consume();
    a.delivered("01", 1, "x");
    a.delivered("01", 2, "x");
    expect(check()).toEqual(only("[CHN2]"));
  });

  it("[DUR5] lets it come again after a kill", () => {
    const { history, consume, check } = begin();
    consume().delivered("01", 1, "x");
    history.kill();
    consume().delivered("01", 1, "x");
    expect(check()).toEqual([]);
  });

  it("[CHN5] sees more in flight than RDY, and that a lower RDY is in force when a barrier behind it was answered", () => {
    const { history, consume, check } = begin();
    const a = consume(2);
    for (const id of ["01", "02"]) a.delivered(id, 1, "x");
    a.readying(1);
    a.delivered("03", 1, "x");
    expect(check()).toEqual(only("[CHN5] 3 in flight with RDY 2"));
    const b = consume(2);
    b.readying(1);
    b.answering(b.delivered("04", 1, "x"), "FIN");
    b.delivered("05", 1, "x");
    b.delivered("06", 1, "x");
    expect(check()).toHaveLength(1);
    history.prove(b);
    b.delivered("07", 1, "x");
    expect(check()).toContainEqual(expect.stringContaining("[CHN5] 3 in flight with RDY 1"));
  });

  it("[CHN5] does not count what may have timed out", () => {
    const { history, consume, check } = begin();
    const a = consume(1, 1_000);
    a.delivered("01", 1, "x");
    history.pass(1_000);
    a.delivered("02", 1, "x");
    expect(check()).toEqual([]);
    history.publish("y");
    const b = consume(1, 1_000);
    b.delivered("03", 1, "y");
    history.pass(999);
    b.delivered("04", 1, "y");
    expect(check()).toEqual(only("[CHN5] 2 in flight with RDY 1"));
  });

  it.each(["FIN", "REQ", "TOUCH"] as const)("[ANS2] sees a %s that is refused in time", (kind) => {
    const { history, consume, check } = begin();
    const a = consume(10, 1_000);
    a.answering(a.delivered("01", 1, "x"), kind);
    history.pass(999);
    a.refused(`E_${kind}_FAILED ${kind} 01 failed ID not in flight`);
    expect(check()).toEqual(only(`[ANS2] ${kind} was refused in time`));
  });

  it("[ANS2] lets an answer be refused that came late, or to a channel that goes", () => {
    const { history, channel, consume, check } = begin();
    const a = consume(10, 1_000);
    const refuse = (id: string) => a.refused(`E_FIN_FAILED FIN ${id} failed ID not in flight`);
    a.answering(a.delivered("01", 1, "x"), "FIN");
    a.answering(a.delivered("02", 1, "x"), "FIN");
    history.pass(1_000);
    refuse("01");
    history.now -= 1_000;
    history.delete(channel);
    refuse("02");
    expect(check()).toEqual([]);
  });
});
