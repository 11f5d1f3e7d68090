import { describe, expect, it } from "vitest";
import { ChannelRig, take } from "../helpers/channel.ts";
import { draft, T0 } from "../helpers/records.ts";

const MINUTE = 60_000;

describe("ChannelQueue that is answered", () => {
  it("[CHN2] what is not in flight, or another's, cannot be answered", () => {
    const rig = new ChannelRig();
    const [owner, other] = [rig.connect(), rig.connect({ rdy: 0 })];
    rig.publish("m1", "m2");
    const answers = (seq: number) => [
      rig.queue.finish(other, seq, rig.now),
      rig.queue.requeue(other, seq, 0, rig.now),
      rig.queue.requeue(other, seq, 100, rig.now),
      rig.queue.touch(other, seq, rig.now),
    ];
    expect(answers(1)).toEqual(Array(4).fill("not-owner"));
    for (const seq of [2, 3, 0, -1]) expect(answers(seq), `seq ${seq}`).toEqual(Array(4).fill("not-in-flight"));
    expect([owner.inFlight, other.inFlight, rig.queue.finish(owner, 1, rig.now)]).toEqual([1, 0, "done"]);
    expect(rig.queue.finish(owner, 1, rig.now)).toBe("not-in-flight");
  });

  it("[CHN1] answers are counted for the consumer and the channel", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 });
    rig.publish("m1", "m2", "m3", "m4");
    rig.queue.finish(consumer, 1, rig.now);
    rig.queue.requeue(consumer, 2, 0, rig.now);
    rig.queue.requeue(consumer, 3, 100, rig.now);
    expect(consumer.state).toMatchObject({
      rdy: 9,
      isClosing: false,
      messageCount: 4,
      finishCount: 1,
      requeueCount: 2,
    });
    expect([consumer.inFlight, rig.counts().requeueCount, rig.counts().timeoutCount]).toEqual([1, 2, 0]);
  });

  it("[CHN7] what is requeued goes behind everything published by then", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1", "m2");
    rig.publish("m3");
    rig.queue.requeue(consumer, 1, 0, rig.now);
    rig.publish("m4");
    for (const seq of [2, 3, 1]) rig.queue.finish(consumer, seq, rig.now) === "done" && rig.proceed();
    expect(take(consumer)).toEqual(["1 m1", "2 m2", "3 m3", "1 m1 x2", "4 m4"]);
  });

  it("[CHN7] several that come back keep the order in which they came back", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 4 });
    rig.publish("m1", "m2", "m3", "m4");
    take(consumer);
    consumer.rdy = 0;
    for (const seq of [3, 1, 4, 2]) rig.queue.requeue(consumer, seq, 0, rig.now);
    consumer.rdy = 9;
    rig.proceed();
    expect(take(consumer)).toEqual(["3 m3 x2", "1 m1 x2", "4 m4 x2", "2 m2 x2"]);
  });

  it("[CHN7] what timed out goes behind everything published by then", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1", "m2");
    rig.wait(MINUTE);
    rig.queue.finish(consumer, 2, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual(["1 m1", "2 m2", "1 m1 x2"]);
  });

  it("[CHN7] what falls due goes behind everything published by then, and before what is published later", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 });
    rig.publish(draft("d1", T0 + 1_000), "m2", "m3");
    rig.wait(1_000);
    rig.publish("m4");
    for (const seq of [2, 3, 1]) rig.queue.finish(consumer, seq, rig.now) === "done" && rig.proceed();
    expect(take(consumer)).toEqual(["2 m2", "3 m3", "1 d1", "4 m4"]);
  });

  it("[CHN7] what waits is delivered although all that lies before it is deferred", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1");
    take(consumer);
    rig.publish(draft("d2", T0 + 60 * MINUTE), draft("d3", T0 + 60 * MINUTE));
    rig.queue.requeue(consumer, 1, 0, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual(["1 m1 x2"]);
  });

  it("[CHN8] a message times out after its consumer's msg_timeout, not before", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ msgTimeoutMs: 2_000 });
    rig.publish("m1");
    take(consumer);
    rig.wait(1_999);
    expect([take(consumer), rig.counts().timeoutCount]).toEqual([[], 0]);
    rig.wait(1);
    expect([take(consumer), rig.counts().timeoutCount, rig.counts().requeueCount]).toEqual([["1 m1 x2"], 1, 0]);
    expect([consumer.inFlight, consumer.requeueCount]).toEqual([1, 0]);
  });

  it("[CHN8] each consumer's msg_timeout counts for its messages", () => {
    const rig = new ChannelRig();
    const patient = rig.connect({ rdy: 1, msgTimeoutMs: 5_000 });
    const hasty = rig.connect({ rdy: 1, msgTimeoutMs: 1_000 });
    rig.publish("m1", "m2");
    for (const consumer of [patient, hasty]) consumer.rdy = 0;
    rig.wait(1_000);
    expect([patient.inFlight, hasty.inFlight, rig.counts().depth]).toEqual([1, 0, 1]);
    rig.wait(4_000);
    expect([patient.inFlight, rig.counts().depth]).toEqual([0, 2]);
  });

  it("[CHN8] what timed out can no longer be answered by its old owner, unless it got it again", () => {
    const [rig, old] = ChannelRig.withConsumer();
    rig.publish("m1");
    old.rdy = 0;
    rig.wait(MINUTE);
    expect(rig.queue.finish(old, 1, rig.now)).toBe("not-in-flight");
    const next = rig.connect();
    expect([take(old), take(next)]).toEqual([["1 m1"], ["1 m1 x2"]]);
    expect([rig.queue.finish(old, 1, rig.now), rig.queue.touch(old, 1, rig.now)]).toEqual(["not-owner", "not-owner"]);
    old.rdy = 1;
    next.rdy = 0;
    rig.wait(MINUTE);
    expect([take(old), rig.queue.finish(old, 1, rig.now)]).toEqual([["1 m1 x3"], "done"]);
  });

  it("[CHN8] the next wake-up is no later than the next deadline", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2, msgTimeoutMs: 5_000 });
    expect(rig.queue.nextWakeAt(rig.now)).toBe(Number.POSITIVE_INFINITY);
    rig.publish("m1");
    expect(rig.queue.nextWakeAt(rig.now)).toBe(T0 + 5_000);
    rig.wait(1_000);
    rig.publish("m2");
    expect(rig.queue.nextWakeAt(rig.now)).toBe(T0 + 5_000);
    rig.queue.touch(consumer, 1, rig.now);
    rig.wait(4_000);
    expect(rig.queue.nextWakeAt(rig.now)).toBe(T0 + 6_000);
  });

  it("[CHN9] TOUCH sets the deadline to now + msg_timeout", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ msgTimeoutMs: 2_000 });
    rig.publish("m1");
    take(consumer);
    for (let i = 0; i < 5; i++) {
      rig.wait(1_999);
      expect(rig.queue.touch(consumer, 1, rig.now)).toBe("done");
    }
    rig.wait(1_999);
    expect(take(consumer)).toEqual([]);
    rig.wait(1);
    expect(take(consumer)).toEqual(["1 m1 x2"]);
  });

  it("[CHN9] TOUCH moves the deadline at most max-msg-timeout beyond the delivery, and goes on succeeding", () => {
    const limits = { maxMsgTimeoutMs: 5_000 };
    const [rig, consumer] = ChannelRig.withConsumer({ msgTimeoutMs: 2_000 }, { limits });
    rig.publish("m1");
    take(consumer);
    for (const ms of [1_500, 1_500, 1_500, 499]) {
      rig.wait(ms);
      expect(rig.queue.touch(consumer, 1, rig.now)).toBe("done");
    }
    expect(take(consumer)).toEqual([]);
    rig.wait(1);
    expect(take(consumer)).toEqual(["1 m1 x2"]);
  });

  it("[CHN9] the limit counts from the last delivery", () => {
    const limits = { maxMsgTimeoutMs: 3_000 };
    const [rig, consumer] = ChannelRig.withConsumer({ msgTimeoutMs: 2_000 }, { limits });
    rig.publish("m1");
    rig.wait(2_000);
    rig.wait(1_500);
    rig.queue.touch(consumer, 1, rig.now);
    rig.wait(1_499);
    expect(take(consumer)).toEqual(["1 m1", "1 m1 x2"]);
    rig.wait(1);
    expect(take(consumer)).toEqual(["1 m1 x3"]);
  });

  it("[CHN11] a consumer that leaves keeps its messages in flight until they time out", () => {
    const [rig, leaving] = ChannelRig.withConsumer({ rdy: 2, msgTimeoutMs: 2_000 });
    rig.publish("m1", "m2", "m3");
    rig.queue.disconnect(leaving);
    const next = rig.connect({ rdy: 9 });
    expect(take(next)).toEqual(["3 m3"]);
    expect([rig.counts().inFlight, rig.queue.finish(next, 1, rig.now)]).toEqual([3, "not-owner"]);
    rig.wait(1_999);
    expect(take(next)).toEqual([]);
    rig.wait(1);
    expect([take(next), rig.counts().timeoutCount]).toEqual([["1 m1 x2", "2 m2 x2"], 2]);
  });

  it("[CHN11] a consumer that leaves is sent nothing more, and its place in the turns is free", () => {
    const rig = new ChannelRig();
    const [leaving, staying] = [rig.connect({ rdy: 9 }), rig.connect({ rdy: 9 })];
    rig.queue.disconnect(leaving);
    rig.queue.disconnect(leaving);
    rig.publish("m1", "m2");
    expect([take(leaving), take(staying), rig.queue.consumers.size]).toEqual([[], ["1 m1", "2 m2"], 1]);
  });
});
