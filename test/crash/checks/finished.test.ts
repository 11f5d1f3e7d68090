import { describe, expect, it } from "vitest";
import { checkFinished } from "./finished.ts";
import { History, only } from "./history.ts";

function begin() {
  const history = new History();
  const channel = history.channel();
  for (const body of ["1", "2", "3"]) history.publish(body);
  const consume = () => history.consumer(channel);
  return { history, channel, consume, check: (syncEvery: number) => checkFinished(history.ledger, syncEvery) };
}

describe("checkFinished", () => {
  it("[CHN1] sees a finished message that comes again in the same life", () => {
    const { history, consume, check } = begin();
    history.finish(consume().delivered("1", 1, "1"));
    consume().delivered("1", 2, "1");
    expect(check(100)).toEqual(only("[CHN1] finished, and again in the same life"));
  });

  it("[DUR2] sees that so many come back as sync-every lets not be forgotten", () => {
    const { history, consume, check } = begin();
    const before = consume();
    for (const id of ["1", "2"]) history.finish(before.delivered(id, 1, id));
    history.kill();
    const after = consume();
    for (const id of ["1", "2", "3"]) after.delivered(id, 1, id);
    expect(check(3)).toEqual([]);
    expect(check(2)).toEqual(only("[DUR2] a: 2 came back that were finished in life 1, with sync-every 2"));
    expect(check(1)).toHaveLength(1);
  });

  it("[DUR2] counts each kill by itself, and the one after which a message came back", () => {
    const { history, consume, check } = begin();
    history.finish(consume().delivered("1", 1, "1"));
    history.kill();
    history.finish(consume().delivered("2", 1, "2"));
    history.kill();
    const last = consume();
    for (const id of ["1", "2"]) last.delivered(id, 1, id);
    expect(check(2)).toEqual([]);
    expect(check(1)).toEqual([
      expect.stringContaining("1 came back that were finished in life 1"),
      expect.stringContaining("1 came back that were finished in life 2"),
    ]);
  });

  it("[DUR2] lets a FIN be forgotten that nobody knows to be carried out", () => {
    const { history, consume, check } = begin();
    const delivery = consume().delivered("1", 1, "1");
    delivery.consumer.answering(delivery, "FIN");
    history.kill();
    consume().delivered("1", 1, "1");
    expect(check(1)).toEqual([]);
  });

  it.each<[string, (begun: ReturnType<typeof begin>) => void]>([
    ["REQ with a delay", ({ history, consume }) => history.requeue(consume().delivered("2", 1, "2"), 100)],
    ["further delivery", ({ consume }) => consume().delivered("2", 2, "2")],
    ["pause", ({ history, channel }) => history.pause(channel.pause, true)],
  ])("[DUR2] sees a message come back that was finished before a %s saved it", (_what, save) => {
    const begun = begin();
    const { history, consume, check } = begun;
    history.finish(consume().delivered("1", 1, "1"));
    save(begun);
    history.kill();
    consume().delivered("1", 1, "1");
    expect(check(100)).toEqual(only("[DUR2] finished, saved, and back"));
  });

  it("[DUR2] lets a message come back that was finished after the last certain save", () => {
    const { history, channel, consume, check } = begin();
    const [first, second] = [consume(), consume()];
    history.requeue(first.delivered("2", 1, "2"), 100);
    history.pause(channel.pause, true);
    history.finish(second.delivered("1", 1, "1"));
    const late = consume().delivered("3", 1, "3");
    late.consumer.answering(late, "REQ", 100); // not proven
    history.kill();
    consume().delivered("1", 1, "1");
    expect(check(100)).toEqual([]);
  });
});
