// Looking at the messages of a channel and of a topic.

import { describe, expect, it } from "vitest";
import { lookAtTopic, type MessagePage, type SeenMessage } from "../../src/durable/topic-look.ts";
import { fromUtf8 } from "../../src/protocol/bytes.ts";
import type { LookPlace, MessageList } from "../../src/queue/look.ts";
import { TopicLog } from "../../src/queue/topic-log.ts";
import { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { ChannelRig, take, topicLimits, topicState } from "../helpers/channel.ts";
import { draft, segmentsOf, T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const HOUR = 60 * 60_000;

function bodies(messages: readonly SeenMessage[]): string[] {
  return messages.map(({ preview }) => fromUtf8(preview));
}

/** A channel with messages in every place. */
function busy(): ChannelRig {
  const [rig, consumer] = ChannelRig.withConsumer({ rdy: 3 });
  rig.publish("requeued", "flying", "aside");
  rig.queue.requeue(consumer, 3, HOUR, rig.now);
  consumer.rdy = 0;
  rig.queue.requeue(consumer, 1, 0, rig.now);
  rig.publish("new", draft("later", T0 + 2 * HOUR), "newer");
  take(consumer);
  return rig;
}

describe("looking into a channel", () => {
  it("[LOOK2] each message is in one list: what waits in the order of its turn, what is deferred by the channel before the log", () => {
    const rig = busy();
    expect(bodies(rig.look("waiting"))).toEqual(["requeued", "new", "newer"]);
    expect(bodies(rig.look("in_flight"))).toEqual(["flying"]);
    expect(bodies(rig.look("deferred"))).toEqual(["aside", "later"]);
  });

  it("[LOOK2] pages of any size join without a gap or a repetition", () => {
    const rig = busy();
    for (const list of ["waiting", "in_flight", "deferred"] as const) {
      for (const limit of [1, 2, 3]) expect(rig.look(list, limit), `${list} by ${limit}`).toEqual(rig.look(list));
    }
  });

  it("[LOOK2] it is told what is known: attempts, due time, deadline, when it was published and delivered", () => {
    const rig = busy();
    const [requeued, fresh] = rig.look("waiting");
    expect(requeued).toMatchObject({ seq: 1, attempts: 1, due: null, deliveredAt: null, deadline: null, size: 8 });
    expect(fresh).toMatchObject({ seq: 4, attempts: 0, timestamp: T0 });
    expect(rig.look("in_flight")).toMatchObject([{ seq: 2, attempts: 1, deliveredAt: T0, deadline: T0 + 60_000 }]);
    expect(rig.look("deferred").map(({ due }) => due)).toEqual([T0 + HOUR, T0 + 2 * HOUR]);
  });

  it("[LOOK1] nothing is changed by it: no count, no attempt, no order, and nothing is to be saved", () => {
    const rig = busy();
    rig.save();
    const before = rig.counts();
    for (const list of ["waiting", "in_flight", "deferred"] as const) rig.look(list, 2);
    expect(rig.counts()).toEqual(before);
    expect([rig.queue.saveNeed, rig.queue.missing, rig.queue.fetch]).toEqual(["none", [], null]);
    const consumer = rig.connect({ rdy: 9 });
    expect(take(consumer)).toEqual(["1 requeued x2", "4 new", "6 newer"]);
  });

  it("[LOOK2] what the channel holds itself is seen, too, though the log has let go of it", () => {
    const rig = busy();
    rig.save();
    rig.now += 61_000;
    rig.proceed();
    rig.save(); // flying has timed out and waits, and is held with the others
    expect(bodies(rig.look("waiting")).sort()).toEqual(["flying", "new", "newer", "requeued"]);
    expect(bodies(rig.look("deferred", 1))).toEqual(["aside", "later"]);
  });

  it("[LOOK2] pages join, too, when an operator deals with the last message of one before the next is asked for", () => {
    const rig = new ChannelRig();
    const [consumer] = [rig.connect({ rdy: 9 })];
    rig.publish(..."abcdef");
    consumer.rdy = 0;
    for (let seq = 1; seq <= 6; seq++) rig.queue.requeue(consumer, seq, 0, rig.now);
    const first = rig.lookAt("waiting", 2);
    rig.intervene("finish", 2);
    const second = rig.lookAt("waiting", 2, first.next);
    rig.intervene("requeue", 4);
    const third = rig.lookAt("waiting", 9, second.next);
    expect([first, second, third].map(({ messages }) => bodies(messages).join(""))).toEqual(["ab", "cd", "efd"]);
  });

  it("[LOOK2] the body of a message that only the channel has is found wherever it is by then", () => {
    const rig = busy();
    rig.save();
    rig.now += 2 * HOUR; // it falls due, and goes to what waits
    rig.proceed();
    const [message] = rig.look("waiting").filter(({ seq }) => seq === 3);
    expect(message).toMatchObject({ due: null, size: 5 });
    expect(rig.queue.heldFrame(3, null)?.length).toBe(34 + 5);
    const consumer = rig.connect({ rdy: 9 });
    expect(take(consumer)).toContain("3 aside x2");
    expect(rig.queue.heldFrame(3, null)?.length).toBe(34 + 5);
    expect([rig.queue.heldFrame(3, 7)?.length, rig.queue.heldFrame(99, null)]).toEqual([34 + 5, null]);
  });

  it("[LOOK2] a message that is finished has no body, though it shares a row with others that are not", () => {
    const database = new Database();
    SqliteChannelStore.createTables(database);
    const store = new SqliteChannelStore(database);
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 }, { store });
    rig.publish("a", "b", "c", "d");
    for (const seq of [1, 2, 3, 4]) rig.queue.requeue(consumer, seq, HOUR, rig.now);
    rig.save();
    expect(database.rows("held_page")).toBe(1);
    const due = rig.now + HOUR;
    expect(rig.queue.heldFrame(3, due)?.length).toBe(34 + 1);
    rig.wait(HOUR);
    rig.queue.finish(consumer, 3, rig.now);
    rig.save();
    expect(database.rows("held_page")).toBe(1);
    expect([rig.queue.heldFrame(3, due), rig.queue.heldFrame(4, null)?.length]).toEqual([null, 34 + 1]);
  });

  it("[LOOK3] of messages in flight, too, a page ends when enough of the log was read for it", () => {
    const rig = new ChannelRig();
    const consumer = rig.connect({ rdy: 9 });
    for (let i = 0; i < 5; i++) rig.publish(draft(new Uint8Array(900_000)));
    expect(consumer.inFlight).toBe(5);
    const page = rig.lookAt("in_flight", 9);
    expect(page.messages.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(rig.look("in_flight", 9).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  });

  it("[LOOK3] of messages that the channel holds, too, a page ends when it is long, and the next goes on", () => {
    const rig = new ChannelRig();
    const consumer = rig.connect({ rdy: 9 });
    for (let i = 0; i < 5; i++) rig.publish(draft(new Uint8Array(900_000)));
    consumer.rdy = 0;
    for (let seq = 1; seq <= 5; seq++) rig.queue.requeue(consumer, seq, seq * HOUR, rig.now);
    while (rig.store.held.count({ due: 0, seq: 0 }) < 5) {
      rig.proceed(); // what is not at hand is fetched to be held
      rig.save();
    }
    const page = rig.lookAt("deferred", 9);
    expect(page.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(rig.lookAt("deferred", 9, page.next).messages.map(({ seq }) => seq)).toEqual([4, 5]);
  });

  it("[LOOK4] of a long body 512 bytes are told, and its size", () => {
    const rig = new ChannelRig();
    rig.publish(draft(new Uint8Array(100_000).fill(65)));
    const [message] = rig.look("waiting");
    expect([message?.size, message?.preview.length]).toEqual([100_000, 512]);
  });

  it("[LOOK5] the whole bodies of a page are searched, in any case", () => {
    const rig = new ChannelRig();
    rig.publish(`${"x".repeat(5_000)}Needle`, "hay", "NEEDLE", "needles");
    const { messages, next } = rig.lookAt("waiting", 3, null, "needle");
    expect(messages.map(({ isMatch }) => isMatch)).toEqual([true, false, true]);
    expect(rig.lookAt("waiting", 3, next, "needle").messages).toMatchObject([{ seq: 4, isMatch: true }]);
  });

  it("[LOOK3] a page ends with what was read for it, though it is not full", () => {
    const rig = new ChannelRig();
    for (let i = 0; i < 5; i++) rig.publish(draft(new Uint8Array(900_000)));
    const sizes: number[] = [];
    let place: LookPlace | null = null;
    do {
      const page: MessagePage = rig.lookAt("waiting", 100, place);
      sizes.push(page.messages.length);
      place = page.next;
    } while (place !== null);
    expect(sizes).toEqual([2, 2, 1]);
  });
});

describe("looking into a topic", () => {
  function topic(...messages: Parameters<typeof segmentsOf>[0]): TopicLog {
    const log = new TopicLog(new MemoryLogStore(), topicState(), topicLimits());
    log.append(segmentsOf(messages), T0);
    return log;
  }

  function look(log: TopicLog, list: MessageList, limit: number, place: LookPlace | null = null): MessagePage {
    return lookAtTopic(log, { list, place, limit, search: "" }, T0);
  }

  it("[LOOK2] what waits at the topic itself is seen, and what is deferred of it", () => {
    const log = topic("m1", draft("d2", T0 + 1), "m3");
    expect(bodies(look(log, "waiting", 9).messages)).toEqual(["m1", "m3"]);
    expect(bodies(look(log, "deferred", 9).messages)).toEqual(["d2"]);
    log.addChannel("ch");
    expect(look(log, "waiting", 9)).toEqual({ messages: [], next: null });
  });

  it("[LOOK2] the latest messages are the last ones, whatever became of them, and then those that come", () => {
    const log = topic(..."abcde");
    log.addChannel("ch");
    const last = look(log, "latest", 2);
    expect(bodies(last.messages)).toEqual(["d", "e"]);
    expect(look(log, "latest", 2, last.next)).toEqual({ messages: [], next: last.next });
    log.append(segmentsOf(["f", "g", "h"]), T0);
    const after = look(log, "latest", 2, last.next);
    expect(bodies(after.messages)).toEqual(["f", "g"]);
    expect(bodies(look(log, "latest", 2, after.next).messages)).toEqual(["h"]);
  });

  it("[LOOK2] what was dropped at the topic is not there", () => {
    const log = topic("m1");
    log.addChannel("ch");
    log.setPaused(true);
    log.append(segmentsOf(["m2", "m3"]), T0);
    log.empty();
    log.append(segmentsOf(["m4"]), T0);
    expect(bodies(look(log, "waiting", 9).messages)).toEqual(["m4"]);
    expect(bodies(look(log, "latest", 9).messages)).toEqual(["m1", "m4"]);
  });
});
