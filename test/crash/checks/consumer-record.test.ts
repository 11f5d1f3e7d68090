import { describe, expect, it } from "vitest";
import { History } from "./history.ts";

const FAILED = "failed ID not in flight";

function begin() {
  const history = new History();
  const channel = history.channel();
  history.publish("x");
  return { history, channel, consumer: history.consumer(channel, 10, 1_000) };
}

describe("ConsumerRecord", () => {
  it("[ANS2] takes what was said before a barrier for carried out, unless it was refused", () => {
    const { consumer } = begin();
    const [done, refused, later] = ["01", "02", "03"].map((id) => consumer.delivered(id, 1, "x"));
    if (!done || !refused || !later) throw new Error("three were delivered");
    consumer.answering(done, "FIN");
    consumer.answering(refused, "REQ", 100);
    const barrier = consumer.barring();
    consumer.answering(later, "FIN");
    consumer.refused(`E_REQ_FAILED REQ 02 ${FAILED}`);
    expect(done.answer?.proven).toBe(null);
    consumer.refused(`E_FIN_FAILED FIN ${barrier} ${FAILED}`);
    expect(done.answer).toMatchObject({ proven: expect.anything(), failed: null });
    expect(refused.answer).toMatchObject({ proven: null, failed: expect.anything() });
    expect(later.answer).toMatchObject({ proven: null, failed: null });
    expect(consumer.isAllProven).toBe(false);
  });

  it("[ANS2] is surprised by an error that answers nothing it said", () => {
    const { history, consumer } = begin();
    consumer.answering(consumer.delivered("01", 1, "x"), "FIN");
    consumer.refused(`E_REQ_FAILED REQ 01 ${FAILED}`);
    consumer.refused("E_INVALID cannot FIN in current state");
    expect(history.ledger.surprises).toHaveLength(2);
  });

  it("[CHN8] takes a FIN that is still on its way for one of the delivery that has come meanwhile", () => {
    const { history, consumer } = begin();
    const first = consumer.delivered("01", 1, "x");
    consumer.answering(first, "TOUCH");
    consumer.answering(first, "FIN");
    history.pass(1_000);
    const second = consumer.delivered("01", 2, "x");
    history.prove(consumer);
    expect([first.answer, first.touches]).toEqual([null, []]);
    expect(second.answer).toMatchObject({ kind: "FIN", proven: expect.anything() });
    expect(second.touches).toHaveLength(1);
  });

  it("[CHN8] knows nothing of a REQ that may have meant either delivery", () => {
    const { history, consumer } = begin();
    const [inTime, late] = ["01", "02"].map((id) => consumer.delivered(id, 1, "x"));
    if (!inTime || !late) throw new Error("two were delivered");
    for (const delivery of [inTime, late]) consumer.answering(delivery, "REQ", 0);
    history.pass(999);
    const again = consumer.delivered("01", 2, "x");
    history.pass(1);
    const doubtful = consumer.delivered("02", 2, "x");
    history.prove(consumer);
    expect([again.isDoubtful, doubtful.isDoubtful]).toEqual([false, true]);
    expect([inTime.answer?.proven !== null, late.answer?.proven !== null]).toEqual([true, false]);
  });

  it("[ANS2] does not guess which of two the same was refused", () => {
    const { consumer } = begin();
    const [first, second] = [consumer.delivered("01", 1, "x"), consumer.delivered("01", 2, "x")];
    consumer.answering(first, "REQ", 0);
    consumer.answering(second, "REQ", 0);
    consumer.refused(`E_REQ_FAILED REQ 01 ${FAILED}`);
    for (const { answer } of [first, second]) expect(answer).toMatchObject({ failed: null, proven: null });
    expect(consumer.isAllProven).toBe(true);
  });
});
