import { describe, expect, it } from "vitest";
import { Consumer, type ConsumerOptions, type Message } from "../../src/client/index.ts";
import { FakeServer } from "./fake-server.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

function start(options: ConsumerOptions = {}) {
  const server = new FakeServer();
  const clock = new VirtualClock();
  const fixed = { transport: server.transport, clock, heartbeatInterval: -1, maxInFlight: 10 };
  const consumer = new Consumer("t", "ch", { ...fixed, ...options });
  const events: string[] = [];
  consumer.on("backoff", ({ level, pauseMs }) => events.push(`backoff ${level}: ${pauseMs}`));
  consumer.on("maxAttempts", ({ id }) => events.push(`max attempts ${Number(id)}`));
  consumer.on("timeout", ({ id }) => events.push(`timeout ${Number(id)}`));
  consumer.on("error", ({ error }) => events.push(`error ${(error as Error).message}`));
  return { server, clock, consumer, events };
}

/** Its handlers keep what they got, and end when the test says so. */
function startKeeping(options: ConsumerOptions = {}, concurrency = 10) {
  const all = start(options);
  const kept: Message[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const handler = (message: Message) =>
    new Promise<void>((resolve, reject) => {
      kept.push(message);
      ends.push((error) => (error ? reject(error) : resolve()));
    });
  all.consumer.handle(handler, { concurrency }).connect("a");
  return { ...all, kept, ends };
}

const ID = (n: number) => n.toString(16).padStart(16, "0");

describe("a consumer", () => {
  it("[CLIENT4] subscribes, and says at once how much it can take", async () => {
    const { server } = startKeeping();
    await settled();
    expect(server.last.said()).toEqual(["SUB t ch", "RDY 10"]);
  });

  it("[CLIENT4] takes nothing before somebody handles messages", async () => {
    const { server, consumer } = start();
    consumer.connect("a");
    await settled();
    expect(server.last.said()).toEqual(["SUB t ch"]);
    consumer.handle(() => {});
    await settled();
    expect(server.last.said()).toEqual(["RDY 10"]);
  });

  it("[CLIENT6] finishes what its handler is done with", async () => {
    const { server, kept, ends } = startKeeping();
    await settled();
    server.last.said();
    server.last.message("ä");
    await settled();
    expect([kept[0]?.text(), kept[0]?.attempts, kept[0]?.id, kept[0]?.timestampNs]).toEqual([
      ...["ä", 1, ID(1), 1_700_000_000_000_000_000n],
    ]);
    expect(server.last.said()).toEqual([]);
    ends[0]?.();
    await settled();
    expect(server.last.said()).toEqual([`FIN ${ID(1)}`]);
  });

  it("[CLIENT6] handles so many messages at once as its handlers may", async () => {
    const { server, kept, ends } = startKeeping({}, 2);
    await settled();
    for (let i = 0; i < 4; i++) server.last.message();
    await settled();
    expect(kept).toHaveLength(2);
    ends[0]?.();
    await settled();
    expect(kept).toHaveLength(3);
  });

  it("[CLIENT6] the first answer counts, and says what became of it", async () => {
    const { server, kept } = startKeeping();
    await settled();
    server.last.said();
    server.last.message();
    await settled();
    expect([kept[0]?.finish(), kept[0]?.requeue(), kept[0]?.touch()]).toEqual([
      ...["sent", "already answered", "already answered"],
    ]);
    await settled();
    expect(server.last.said()).toEqual([`FIN ${ID(1)}`]);
  });

  it("[CLIENT6] requeues after a delay that grows with attempts, up to its maximum", async () => {
    const { server, kept } = startKeeping({ maxAttempts: 0, maxBackoffDuration: 0 });
    await settled();
    server.last.said();
    for (const attempts of [1, 3, 20]) server.last.message("x", attempts);
    await settled();
    for (const message of kept) message.requeue();
    await settled();
    expect(server.last.said()).toEqual([`REQ ${ID(1)} 90000`, `REQ ${ID(2)} 270000`, `REQ ${ID(3)} 900000`]);
  });

  it("[CLIENT5] a handler that throws backs off: nothing, then one message, then all", async () => {
    const { server, clock, ends, events } = startKeeping();
    await settled();
    server.last.said();
    server.last.message();
    await settled();
    ends[0]?.(new Error("broken"));
    await settled();
    expect(server.last.said()).toEqual(["RDY 0", `REQ ${ID(1)} 90000`]);
    await clock.pass(1_999);
    expect(server.last.said()).toEqual([]);
    await clock.pass(1);
    expect(server.last.said()).toEqual(["RDY 1"]);
    server.last.message();
    await settled();
    ends[1]?.();
    await settled();
    expect(server.last.said()).toEqual(["RDY 10", `FIN ${ID(2)}`]);
    expect(events).toEqual(["error broken", "backoff 1: 2000", "backoff 0: 0"]);
  });

  it("[CLIENT5] keeps go-nsq's schedule while its handler goes on throwing", async () => {
    const { server, clock, events, consumer } = start({ maxAttempts: 0 });
    consumer.handle(() => {
      throw new Error("broken");
    });
    consumer.connect("a");
    await settled();
    for (let i = 0; i < 7; i++) {
      server.last.message();
      await clock.pass(64_000);
    }
    expect(events.filter((event) => event.startsWith("backoff"))).toEqual([
      ...["backoff 1: 2000", "backoff 2: 4000", "backoff 3: 8000", "backoff 4: 16000", "backoff 5: 32000"],
      ...["backoff 6: 64000", "backoff 6: 64000"],
    ]);
  });

  it("[CLIENT5] a requeue without backoff is no failure", async () => {
    const { server, kept } = startKeeping();
    await settled();
    server.last.said();
    server.last.message();
    await settled();
    kept[0]?.requeueWithoutBackoff(500);
    await settled();
    expect(server.last.said()).toEqual([`REQ ${ID(1)} 500`]);
  });

  it("[CLIENT6] touches a message while its handler runs, as long as the server lets it", async () => {
    const { server, clock, ends } = startKeeping();
    server.features = { msg_timeout: 60_000, max_msg_timeout: 100_000 };
    await settled();
    server.last.said();
    server.last.message();
    await clock.pass(30_000);
    expect(server.last.said()).toEqual([`TOUCH ${ID(1)}`]);
    await clock.pass(30_000);
    expect(server.last.said()).toEqual([`TOUCH ${ID(1)}`]);
    await clock.pass(39_999);
    expect(server.last.said()).toEqual([]); // its time can only end at 100,000
    ends[0]?.();
    await settled();
    expect(server.last.said()).toEqual([`FIN ${ID(1)}`]);
  });

  it("[CLIENT6] an answer that comes too late says so, and is not sent", async () => {
    const { server, clock, kept, events } = startKeeping({ autoTouch: false });
    await settled();
    server.last.said();
    server.last.message();
    await settled();
    await clock.pass(60_000);
    expect(kept[0]?.finish()).toBe("timed out");
    await settled();
    expect(server.last.said()).toEqual([]);
    expect(events).toEqual(["timeout 1"]);
  });

  it("[CLIENT6] a message whose connection is gone says so", async () => {
    const { server, kept } = startKeeping();
    await settled();
    server.last.message();
    await settled();
    server.last.hangUp();
    expect([kept[0]?.finish(), kept[0]?.touch()]).toEqual(["not connected", "not connected"]);
  });

  it("[CLIENT6] a message that was delivered too often is handed to the hook, and finished", async () => {
    const given: string[] = [];
    const { server, kept, events } = startKeeping({ onMaxAttempts: (message) => given.push(message.text()) });
    await settled();
    server.last.said();
    server.last.message("a", 5);
    server.last.message("b", 6);
    await settled();
    expect(kept.map((message) => message.text())).toEqual(["a"]);
    expect([given, events, server.last.said()]).toEqual([["b"], ["max attempts 2"], [`FIN ${ID(2)}`]]);
  });

  it("[CLIENT6] comes one by one to a loop, which answers itself", async () => {
    const { server, consumer } = start();
    consumer.connect("a");
    const got: string[] = [];
    const loop = (async () => {
      for await (const message of consumer) {
        got.push(message.text());
        message.finish();
        if (got.length === 2) break;
      }
    })();
    await settled();
    expect(server.last.said()).toEqual(["SUB t ch", "RDY 10"]);
    server.last.message("a");
    server.last.message("b");
    server.last.message("c");
    await loop;
    await settled();
    expect(got).toEqual(["a", "b"]);
    // What was not taken goes back.
    expect(server.last.said()).toEqual([`FIN ${ID(1)}`, `FIN ${ID(2)}`, "RDY 0", `REQ ${ID(3)} 0`]);
  });

  it("[CLIENT4] shares out anew when connections come and go", async () => {
    const { server, consumer } = startKeeping();
    await settled();
    consumer.connect("b");
    await settled();
    const [a, b] = server.connections;
    expect([a?.said(), b?.said()]).toEqual([
      ["SUB t ch", "RDY 10", "RDY 5"],
      ["SUB t ch", "RDY 5"],
    ]);
    b?.hangUp();
    await settled();
    expect(a?.said()).toEqual(["RDY 10"]);
  });

  it("[CLIENT4] changes what may be in flight; 0 pauses", async () => {
    const { server, consumer } = startKeeping();
    await settled();
    server.last.said();
    consumer.changeMaxInFlight(0);
    consumer.changeMaxInFlight(3);
    await settled();
    expect(server.last.said()).toEqual(["RDY 0", "RDY 3"]);
    expect(() => consumer.changeMaxInFlight(-1)).toThrow("invalid option maxInFlight: -1 < 0");
  });

  it("[CLIENT4] is starved when most of what it may have is in flight", async () => {
    const { server, consumer } = startKeeping();
    await settled();
    for (let i = 0; i < 8; i++) server.last.message();
    expect(consumer.isStarved).toBe(false);
    server.last.message();
    expect(consumer.isStarved).toBe(true);
  });

  it("[CLIENT9] connects anew after a while, each time a longer one", async () => {
    const { server, clock } = startKeeping();
    await settled();
    server.isUp = () => false;
    server.last.hangUp();
    await clock.pass(30_000);
    expect(server.connections).toHaveLength(1);
    server.isUp = () => true;
    await clock.pass(60_000);
    expect(server.connections).toHaveLength(2);
    expect(server.last.said()).toEqual(["SUB t ch", "RDY 10"]);
  });

  it("[CLIENT7] [CLIENT9] leaves a server that does not speak V2, and tries it again", async () => {
    const { server, clock, consumer } = startKeeping();
    const lost: string[] = [];
    consumer.on("disconnection", ({ error }) => lost.push(error.message));
    await settled();
    server.last.bytes(Uint8Array.of(0, 0, 0, 3));
    expect([server.last.isClosed, lost]).toEqual([true, ["a sent a frame of an impossible size"]]);
    await clock.pass(100);
    expect(server.last.said()).toEqual(["SUB t ch", "RDY 10"]);
  });

  it("[CLIENT9] begins with a short wait again when it was connected meanwhile", async () => {
    const { server, clock } = startKeeping();
    for (let i = 1; i <= 10; i++) {
      await settled();
      expect(server.connections).toHaveLength(i);
      server.last.hangUp();
      await clock.pass(100);
    }
  });

  it.each([
    ["with the upgrade", true],
    ["in AUTH", false],
  ])("[CLIENT8] [CLIENT9] comes back with another secret when its time is over, shown %s", async (_, isDirect) => {
    let count = 0;
    const { server, clock, consumer, events } = start({ authSecret: async () => `token ${++count}` });
    Object.assign(server, { isDirect, features: { auth_required: !isDirect } });
    const kept: Message[] = [];
    consumer.handle((message) => kept.push(message), { autoRespond: false }).connect("a");
    const given = () => [server.last.secret, ...server.last.said()].filter((each) => each !== null);
    for (let i = 1; i <= 5; i++) {
      await settled();
      const secret = isDirect ? `token ${i}` : `AUTH: token ${i}`;
      expect([server.connections.length, given()]).toEqual([i, [secret, "SUB t ch", "RDY 10"]]);
      server.last.message();
      await settled();
      server.last.expire();
      expect(kept.at(-1)?.finish()).toBe("not connected");
      await clock.pass(100);
    }
    expect(events).toEqual(Array(5).fill("error E_AUTH_FAILED AUTH failed"));
    await Promise.all([consumer.stop(), clock.pass(30_000)]);
  });

  it("[CLIENT8] [CLIENT9] says that it has no secret, and asks for it again after ever longer waits", async () => {
    let count = 0;
    const authSecret = () => (++count < 4 ? Promise.reject(new Error("signed out")) : "s");
    const { server, clock, consumer, events } = start({ authSecret });
    server.isDirect = true;
    consumer.handle(() => {}).connect("a");
    await clock.pass(75 + 150 + 299); // three quarters of 100, 200, 400 ms: the chance is 0.5
    expect([count, server.connections.length]).toEqual([3, 0]);
    await clock.pass(1);
    expect([count, server.last.secret, server.last.said()]).toEqual([4, "s", ["SUB t ch", "RDY 10"]]);
    expect(events).toEqual(Array(3).fill("error signed out"));
  });

  it("[CLIENT5] in a pause a connection that is new gets nothing, and after it one message", async () => {
    const { server, clock, kept } = startKeeping();
    await settled();
    server.last.message();
    await settled();
    kept[0]?.requeue();
    server.last.hangUp();
    await clock.pass(1_999);
    expect(server.last.said()).toEqual(["SUB t ch"]);
    await clock.pass(1);
    expect(server.last.said()).toEqual(["RDY 1"]);
  });

  it("[CLIENT5] a connection that opens after a pause in which there was none gets one message", async () => {
    const { server, clock, kept } = startKeeping();
    await settled();
    server.last.message();
    await settled();
    kept[0]?.requeue();
    server.isUp = () => false;
    server.last.hangUp();
    await clock.pass(10_000);
    server.isUp = () => true;
    await clock.pass(60_000);
    expect(server.last.said()).toEqual(["SUB t ch", "RDY 1"]);
  });

  it("[CLIENT4] [CLIENT5] is paused while it tries one message, too", async () => {
    const { server, clock, consumer, kept } = startKeeping();
    await settled();
    server.last.message();
    await settled();
    kept[0]?.requeue();
    await clock.pass(2_000);
    server.last.said();
    consumer.changeMaxInFlight(0);
    await settled();
    expect(server.last.said()).toEqual(["RDY 0"]);
    consumer.changeMaxInFlight(10);
    await settled();
    expect(server.last.said()).toEqual(["RDY 1"]);
  });

  it("[CLIENT6] lets go of a message that nobody answers", async () => {
    const { server, clock, consumer, events } = startKeeping({ autoTouch: false });
    await settled();
    server.last.message();
    await clock.pass(65_000);
    expect(events).toEqual(["timeout 1"]);
    void consumer.stop();
    server.last.response("CLOSE_WAIT");
    expect(server.last.isClosed).toBe(true);
  });

  it("[CLIENT9] does not hammer a server that refuses its SUB", async () => {
    const { server, clock, events } = startKeeping();
    server.isPolite = false;
    await settled();
    for (let i = 0; i < 200; i++) {
      server.last.response("{}");
      await settled();
      server.last.error("E_BAD_CHANNEL no");
      server.last.hangUp();
      await clock.pass(100);
    }
    expect(server.connections.length).toBeLessThan(12);
    expect(events).toContain("error E_BAD_CHANNEL no");
  });

  it("[CLIENT9] leaves an address that it is told to leave", async () => {
    const { server, clock, consumer } = startKeeping();
    await settled();
    consumer.disconnect("a");
    await clock.pass(100_000);
    expect([server.connections.length, server.last.isClosed]).toEqual([1, true]);
  });

  it("[CLIENT10] stops when what is in flight is answered", async () => {
    const { server, consumer, ends } = startKeeping();
    await settled();
    server.last.said();
    server.last.message();
    await settled();
    let isStopped = false;
    const stopped = consumer.stop().then(() => {
      isStopped = true;
    });
    await settled();
    expect(server.last.said()).toEqual(["CLS"]);
    server.last.response("CLOSE_WAIT");
    await settled();
    expect([isStopped, server.last.isClosed]).toEqual([false, false]);
    ends[0]?.();
    await settled();
    await stopped;
    expect([server.last.said(), server.last.isClosed]).toEqual([[`FIN ${ID(1)}`], true]);
    expect(() => consumer.connect("b")).toThrow("stopped");
  });

  it("[CLIENT10] stops after thirty seconds, whatever is in flight", async () => {
    const { server, clock, consumer } = startKeeping({ autoTouch: false });
    await settled();
    server.last.message();
    await settled();
    let isStopped = false;
    void consumer.stop().then(() => {
      isStopped = true;
    });
    await clock.pass(29_999);
    expect(isStopped).toBe(false);
    await clock.pass(1);
    expect([isStopped, server.last.isClosed]).toEqual([true, true]);
  });

  it("[CLIENT10] ends its loops when it stops", async () => {
    const { consumer } = start();
    const loop = (async () => {
      for await (const _ of consumer);
      return "over";
    })();
    await consumer.stop();
    expect(await loop).toBe("over");
  });

  it("[CLIENT1] has a topic and a channel", () => {
    expect(() => new Consumer("a b", "ch")).toThrow("invalid topic name: a b");
    expect(() => new Consumer("t", "")).toThrow("invalid channel name: ");
  });

  it("[CLIENT6] a message that comes when nobody takes messages any more goes back", async () => {
    const { server, consumer } = start();
    consumer.connect("a");
    const messages = consumer[Symbol.asyncIterator]();
    await settled();
    await messages.return?.();
    server.last.said();
    server.last.message();
    await settled();
    expect(server.last.said()).toEqual([`REQ ${ID(1)} 0`]);
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  it("[CLIENT6] a loop that ended takes no message from others", async () => {
    const { server, consumer } = start();
    consumer.connect("a");
    const [first, second] = [consumer[Symbol.asyncIterator](), consumer[Symbol.asyncIterator]()];
    const nobody = first.next();
    await first.return?.();
    const next = second.next();
    await settled();
    server.last.message("x");
    expect(await nobody).toEqual({ done: true, value: undefined });
    expect((await next).value?.text()).toBe("x");
  });

  it("[CLIENT6] a message whose time ran out while it waited is not handled", async () => {
    const { server, clock, kept, ends, events } = startKeeping({}, 1);
    await settled();
    server.last.message("a");
    server.last.message("b");
    await clock.pass(59_999);
    await clock.pass(1);
    ends[0]?.();
    await settled();
    expect([kept.map((message) => message.text()), events]).toEqual([["a"], ["timeout 2"]]);
  });

  it("[CLIENT10] leaves no connection behind, at whatever moment of its connecting it is stopped or told to leave", async () => {
    for (let moment = 0; moment < 40; moment++) {
      for (const isLeft of [false, true]) {
        const { server, clock, consumer } = start();
        consumer.handle(() => {}).connect("a");
        for (let i = 0; i < moment; i++) await Promise.resolve();
        if (isLeft) consumer.disconnect("a");
        const stopped = consumer.stop();
        await settled();
        server.last?.response("CLOSE_WAIT");
        await stopped;
        expect(
          server.connections.filter(({ isClosed }) => !isClosed),
          `${moment}`,
        ).toEqual([]);
        expect(clock.pending, `${moment}`).toBe(0);
      }
    }
  });

  it("[CLIENT10] gives up a connection that is just being opened", async () => {
    const { server, consumer } = startKeeping();
    server.isPolite = false;
    await settled();
    await consumer.stop();
    expect(server.last.isClosed).toBe(true);
  });

  it("[CLIENT10] leaves no timer behind, also when a listener stops it", async () => {
    for (const name of ["timeout", "backoff"] as const) {
      const { server, clock, consumer, kept, ends } = startKeeping({ autoTouch: false });
      consumer.on(name, () => void consumer.stop());
      await settled();
      server.last.message();
      await settled();
      if (name === "backoff") kept[0]?.requeue();
      await clock.pass(65_000);
      server.last.response("CLOSE_WAIT");
      ends[0]?.();
      await settled();
      expect(clock.pending, name).toBe(0);
    }
  });

  it("[CLIENT10] has one timer of its own, however often its connections came and went", async () => {
    const { consumer, clock } = startKeeping();
    for (let i = 0; i < 5; i++) {
      await settled();
      consumer.disconnect("a");
      consumer.connect("a");
    }
    await settled();
    expect(clock.pending).toBe(1);
  });

  it("[CLIENT10] has no timer before it is connected", () => {
    expect(start().clock.pending).toBe(0);
  });
});
