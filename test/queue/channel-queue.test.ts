import { describe, expect, it } from "vitest";
import { untouched } from "../../src/queue/channel-counts.ts";
import type { Consumer } from "../../src/queue/consumer.ts";
import { ChannelRig, take } from "../helpers/channel.ts";
import { draft, T0 } from "../helpers/records.ts";

const MINUTE = 60_000;

/** Messages `m1` to `m<count>`. */
function messages(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `m${i + 1}`);
}

/** What a consumer gets of `messages` from one seq to another. */
function got(from: number, to = from): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i} m${from + i}`);
}

describe("ChannelQueue that delivers", () => {
  it("[CHN4] first deliveries happen in the order of publishing", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 3 });
    rig.publish("m1", "m2");
    rig.publish("m3", "m4", "m5");
    expect(take(consumer)).toEqual(got(1, 3));
    for (const seq of [2, 1, 3]) rig.queue.finish(consumer, seq, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual(got(4, 5));
  });

  it("[CHN4] what was published before the consumer came is delivered in order, too", () => {
    const rig = new ChannelRig();
    rig.publish(...messages(3));
    rig.publish("m4");
    expect(take(rig.connect({ rdy: 9 }))).toEqual(got(1, 4));
  });

  it("[CHN5] a consumer gets as many messages as its RDY allows, and another for each that it finishes", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 });
    rig.publish(...messages(5));
    expect([take(consumer), consumer.inFlight]).toEqual([got(1, 2), 2]);
    rig.proceed();
    expect(take(consumer)).toEqual([]);
    rig.queue.finish(consumer, 1, rig.now);
    rig.proceed();
    expect([take(consumer), consumer.inFlight]).toEqual([got(3), 2]);
  });

  it("[CHN5] RDY 0 stops deliveries, and a lower RDY takes nothing back", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 3 });
    rig.publish(...messages(5));
    take(consumer);
    consumer.rdy = 2;
    rig.queue.finish(consumer, 1, rig.now);
    rig.proceed();
    expect([take(consumer), consumer.inFlight]).toEqual([[], 2]);
    rig.queue.finish(consumer, 2, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual(got(4));
    consumer.rdy = 0;
    for (const seq of [3, 4]) rig.queue.finish(consumer, seq, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual([]);
  });

  it("[CHN5] after CLS nothing is delivered, but what is in flight can be answered", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 });
    rig.publish(...messages(4));
    take(consumer);
    consumer.isClosing = true;
    expect(rig.queue.finish(consumer, 1, rig.now)).toBe("done");
    rig.proceed();
    expect(take(consumer)).toEqual([]);
  });

  it("[CHN6] consumers with room share what is there", () => {
    const rig = new ChannelRig();
    const consumers = [rig.connect({ rdy: 100 }), rig.connect({ rdy: 100 }), rig.connect({ rdy: 100 })];
    rig.publish(...messages(9));
    expect(consumers.map(take)).toEqual([got(1, 3), got(4, 6), got(7, 9)]);
  });

  it("[CHN6] messages that come one by one go to the consumers in turns", () => {
    const rig = new ChannelRig();
    const consumers = [rig.connect({ rdy: 100 }), rig.connect({ rdy: 0 }), rig.connect({ rdy: 100 })];
    for (const message of messages(4)) rig.publish(message);
    expect(consumers.map(take)).toEqual([["1 m1", "3 m3"], [], ["2 m2", "4 m4"]]);
  });

  it("[CHN6] turns go on when consumers come and leave: nobody is passed over", () => {
    const rig = new ChannelRig();
    const [a, b, c] = [1, 2, 3].map(() => rig.connect({ rdy: 100 })) as [Consumer, Consumer, Consumer];
    rig.publish("m1");
    rig.publish("m2");
    rig.queue.disconnect(a);
    rig.publish("m3");
    const d = rig.connect({ rdy: 100 });
    for (const message of ["m4", "m5", "m6"]) rig.publish(message);
    expect([a, b, c, d].map(take)).toEqual([["1 m1"], ["2 m2", "4 m4"], ["3 m3", "5 m5"], ["6 m6"]]);
  });

  it("[CHN6] one that takes little gets little, and nothing waits while another has room", () => {
    const rig = new ChannelRig();
    const consumers = [rig.connect({ rdy: 2 }), rig.connect({ rdy: 100 })];
    rig.publish(...messages(20));
    const [few, many] = consumers.map(take) as [string[], string[]];
    expect([few.length, many.length]).toEqual([2, 18]);
    expect([...few, ...many].toSorted()).toEqual(got(1, 20).toSorted());
  });

  it("[CHN6] messages that waited are shared in turns, too", () => {
    const rig = new ChannelRig();
    const first = rig.connect({ rdy: 4 });
    rig.publish(...messages(4));
    take(first);
    first.rdy = 0;
    for (const seq of [1, 2, 3, 4]) rig.queue.requeue(first, seq, 0, rig.now);
    const consumers = [rig.connect({ rdy: 0 }), rig.connect({ rdy: 0 })];
    for (const consumer of consumers) consumer.rdy = 9;
    rig.proceed();
    expect(consumers.map((consumer) => take(consumer).length)).toEqual([2, 2]);
  });

  it("[CHN2] a message in flight goes to nobody else", () => {
    const rig = new ChannelRig();
    const first = rig.connect({ rdy: 3 });
    rig.publish(...messages(3));
    expect(take(first)).toEqual(got(1, 3));
    const second = rig.connect({ rdy: 9 });
    rig.publish("m4");
    expect([take(first), take(second)]).toEqual([[], got(4)]);
    expect(rig.queue.finish(second, 1, rig.now)).toBe("not-owner");
    expect(rig.queue.finish(first, 1, rig.now)).toBe("done");
  });

  it("[CHN3] attempts grow by one at each delivery, whatever brought the message back", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1");
    expect(take(consumer)).toEqual(["1 m1"]);
    rig.queue.requeue(consumer, 1, 0, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual(["1 m1 x2"]);
    rig.wait(MINUTE);
    expect(take(consumer)).toEqual(["1 m1 x3"]);
    rig.queue.requeue(consumer, 1, 500, rig.now);
    rig.wait(500);
    expect(take(consumer)).toEqual(["1 m1 x4"]);
    rig.queue.requeue(consumer, 1, 5 * MINUTE, rig.now);
    rig.wait(5 * MINUTE);
    expect(take(consumer)).toEqual(["1 m1 x5"]);
  });

  it("[CHN3] attempts are 16 bits on the wire and wrap", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1");
    for (let attempt = 1; attempt < 65_535; attempt++) {
      rig.queue.requeue(consumer, 1, 0, rig.now);
      rig.queue.dispatch(rig.now);
    }
    consumer.outbox.splice(0, consumer.outbox.length - 1);
    expect(take(consumer)).toEqual(["1 m1 x65535"]);
    for (const attempts of [0, 1]) {
      rig.queue.requeue(consumer, 1, 0, rig.now);
      rig.proceed();
      expect(take(consumer)).toEqual([attempts === 1 ? "1 m1" : "1 m1 x0"]);
    }
  });

  it("[CHN3] the redelivery of one channel changes nothing for another", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    const other = new ChannelRig({ log: rig.log, channel: "other" });
    rig.publish("m1");
    take(consumer);
    rig.queue.requeue(consumer, 1, 0, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual(["1 m1 x2"]);
    expect(take(other.connect())).toEqual(["1 m1"]);
  });

  it("[CHN18] a consumer whose socket is full gets nothing until it has taken something", () => {
    const rig = new ChannelRig();
    const full = rig.connect({ rdy: 9 });
    const other = rig.connect({ rdy: 1 });
    full.isBlocked = true;
    rig.publish(...messages(3));
    expect([take(full), take(other)]).toEqual([[], got(1)]);
    full.isBlocked = false;
    rig.proceed();
    expect(take(full)).toEqual(got(2, 3));
  });

  it("[CHN12] sample_rate N delivers the message when a number of 0 to 99 is N at most", () => {
    const draws = [0, 0.1, 0.4099, 0.41, 0.99, 0.4];
    const [rig, consumer] = ChannelRig.withConsumer(
      { rdy: 100, sampleRate: 40 },
      { random: () => draws.shift() as number },
    );
    rig.publish(...messages(6));
    expect(take(consumer)).toEqual(["1 m1", "2 m2", "3 m3", "6 m6"]);
  });

  it("[CHN12] what sampling drops is gone for good: not in flight, not counted for the client, for nobody else", () => {
    const rig = new ChannelRig({ random: () => 0.99 });
    const sampling = rig.connect({ rdy: 100, sampleRate: 50 });
    rig.publish(...messages(5));
    expect([take(sampling), sampling.inFlight, sampling.messageCount]).toEqual([[], 0, 0]);
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 0, deferred: 0, messageCount: 5, requeueCount: 0 });
    expect(take(rig.connect({ rdy: 9 }))).toEqual([]);
    rig.save();
    expect([rig.queue.savedLow, rig.queue.isIdle]).toEqual([6, true]);
  });

  it("[CHN12] a message that waited can be dropped by sampling, too", () => {
    let draw = 0;
    const [rig, consumer] = ChannelRig.withConsumer({ sampleRate: 50 }, { random: () => draw });
    rig.publish("m1");
    take(consumer);
    draw = 0.99;
    rig.queue.requeue(consumer, 1, 0, rig.now);
    rig.proceed();
    expect([take(consumer), consumer.inFlight, rig.counts().depth]).toEqual([[], 0, 0]);
    rig.save();
    expect(rig.queue.savedLow).toBe(2);
  });

  it("[CHN12] without sample_rate nothing is drawn", () => {
    const random = () => {
      throw new Error("drawn");
    };
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 }, { random });
    rig.publish(...messages(3));
    expect(take(consumer)).toEqual(got(1, 3));
  });

  it("[CHN1] a channel that nobody touched counts what was fanned out since it began", () => {
    const counts = {
      depth: 7,
      inFlight: 0,
      deferred: 0,
      deferredAhead: 0,
      messageCount: 7,
      requeueCount: 0,
      timeoutCount: 0,
    };
    expect(untouched(5, 12)).toEqual({ ...counts, isPaused: false });
  });

  it("[CHN1] every message is counted in one place", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 6 });
    rig.publish(...messages(6), draft("d7", T0 + 2 * MINUTE), "m8", draft("d9", T0 + MINUTE / 2), "m10");
    rig.queue.finish(consumer, 1, rig.now);
    rig.queue.requeue(consumer, 2, 0, rig.now);
    rig.queue.requeue(consumer, 3, 1_000, rig.now);
    rig.queue.requeue(consumer, 4, 5 * MINUTE, rig.now);
    const zero = {
      depth: 0,
      inFlight: 0,
      deferred: 0,
      deferredAhead: 0,
      messageCount: 10,
      timeoutCount: 0,
      isPaused: false,
    };
    expect(rig.counts()).toEqual({ ...zero, depth: 3, inFlight: 2, deferred: 4, requeueCount: 3 });
    rig.proceed();
    expect(rig.counts()).toEqual({ ...zero, inFlight: 5, deferred: 4, requeueCount: 3 });
    consumer.rdy = 0;
    rig.wait(MINUTE);
    expect(rig.counts()).toEqual({ ...zero, depth: 7, deferred: 2, requeueCount: 3, timeoutCount: 5 });
  });
});

describe("ChannelQueue that is paused or emptied", () => {
  function inAllPlaces(): [ChannelRig, Consumer] {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 4 });
    rig.publish(...messages(4), draft("d5", T0 + 5_000), draft("d6", T0 + 5 * MINUTE), ...messages(9).slice(6));
    rig.queue.requeue(consumer, 1, 1_000, rig.now);
    rig.queue.requeue(consumer, 2, 5 * MINUTE, rig.now);
    rig.proceed();
    rig.queue.requeue(consumer, 3, 0, rig.now);
    consumer.rdy = 1;
    take(consumer);
    rig.save();
    return [rig, consumer];
  }

  it("[CHN13] a paused channel takes nothing and delivers nothing", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 });
    rig.publish("m1");
    rig.queue.setPaused(true);
    rig.publish("m2");
    rig.queue.requeue(consumer, 1, 0, rig.now);
    rig.wait(5 * MINUTE);
    expect([take(consumer), rig.queue.cursor, rig.queue.fetch]).toEqual([["1 m1"], 2, null]);
    expect(rig.counts()).toMatchObject({ depth: 2, isPaused: true });
    rig.queue.setPaused(false);
    rig.proceed();
    expect([take(consumer), rig.queue.isPaused]).toEqual([["2 m2", "1 m1 x2"], false]);
  });

  it("[CHN13] what is in flight of a paused channel can be answered", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 3 });
    rig.publish(...messages(3));
    rig.queue.setPaused(true);
    expect(rig.queue.finish(consumer, 1, rig.now)).toBe("done");
    expect(rig.queue.requeue(consumer, 2, 0, rig.now)).toBe("done");
    expect(rig.queue.touch(consumer, 3, rig.now)).toBe("done");
    rig.proceed();
    expect(rig.counts()).toMatchObject({ depth: 1, inFlight: 1, requeueCount: 1 });
  });

  it("[CHN13] what is in flight of a paused channel times out, and what is deferred falls due", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1", "m2");
    rig.queue.finish(consumer, 1, rig.now);
    rig.publish(draft("d3", T0 + 1_000));
    rig.proceed();
    rig.queue.setPaused(true);
    rig.wait(MINUTE);
    expect(rig.counts()).toMatchObject({ depth: 2, inFlight: 0, deferred: 0, timeoutCount: 1 });
    expect(consumer.inFlight).toBe(0);
  });

  it("[CHN14] emptying drops everything, wherever it is, and leaves the counters", () => {
    const [rig, consumer] = inAllPlaces();
    const zero = {
      depth: 0,
      inFlight: 0,
      deferred: 0,
      deferredAhead: 0,
      messageCount: 9,
      requeueCount: 3,
      timeoutCount: 0,
    };
    expect(rig.counts()).toEqual({ ...zero, depth: 2, inFlight: 3, deferred: 4, isPaused: false });
    rig.queue.empty(rig.log.fanout);
    expect(rig.counts()).toEqual({ ...zero, isPaused: false });
    rig.wait(60 * MINUTE);
    expect([take(consumer), rig.queue.isIdle, rig.store.held.count({ due: 0, seq: 0 })]).toEqual([[], true, 0]);
    rig.save();
    expect(rig.queue.savedLow).toBe(10);
  });

  it("[CHN14] emptying frees the consumers: they get what comes, and cannot answer what was dropped", () => {
    const [rig, consumer] = inAllPlaces();
    rig.queue.empty(rig.log.fanout);
    expect(consumer.inFlight).toBe(0);
    expect([4, 7, 8].map((seq) => rig.queue.finish(consumer, seq, rig.now))).toEqual(Array(3).fill("not-in-flight"));
    rig.publish("m10");
    expect(take(consumer)).toEqual(["10 m10"]);
  });

  it("[CHN14] what the topic has not fanned out yet is not dropped", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 });
    rig.log.setPaused(true);
    rig.publish("m1");
    rig.queue.empty(rig.log.fanout);
    rig.log.setPaused(false);
    rig.push();
    expect(take(consumer)).toEqual(["1 m1"]);
  });

  it("[CHN14] an order to empty that comes late drops what it meant, and brings back nothing", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 });
    rig.publish("m1", "m2");
    const end = rig.log.fanout;
    rig.publish("m3", "m4");
    for (const seq of [1, 2, 3]) rig.queue.finish(consumer, seq, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual(got(1, 4));
    rig.queue.empty(end);
    rig.proceed();
    expect(take(consumer)).toEqual([]);
  });
});

describe("ChannelQueue of an ephemeral channel", () => {
  const limits = { maxBehind: 3 };

  it("[CHN17] it loses the oldest messages when it falls behind by more than it keeps", () => {
    const rig = new ChannelRig({ channel: "ch#ephemeral", limits });
    rig.publish(...messages(10));
    expect(take(rig.connect({ rdy: 9 }))).toEqual(got(8, 10));
  });

  it("[CHN17] it loses what it has at hand, too, when its consumers do not keep up", () => {
    const [rig, consumer] = ChannelRig.withConsumer({}, { channel: "ch#ephemeral", limits });
    rig.publish(...messages(3));
    expect(take(consumer)).toEqual(got(1));
    rig.publish("m4");
    rig.publish("m5", "m6");
    rig.queue.finish(consumer, 1, rig.now);
    rig.proceed();
    consumer.rdy = 9;
    rig.proceed();
    expect(take(consumer)).toEqual(got(4, 6));
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 3, messageCount: 6 });
  });

  it("[CHN17] as long as it keeps up it loses nothing", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 100 }, { channel: "ch#ephemeral", limits });
    for (const message of messages(20)) rig.publish(message);
    expect(take(consumer)).toEqual(got(1, 20));
  });

  it("[CHN17] its depth is never more than it keeps", () => {
    const rig = new ChannelRig({ channel: "ch#ephemeral", limits });
    rig.publish(...messages(10));
    expect(rig.counts()).toMatchObject({ depth: 3, messageCount: 10 });
  });
});
