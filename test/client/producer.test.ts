import { describe, expect, it } from "vitest";
import { NotConnectedError, Producer, ProtocolError, StoppedError } from "../../src/client/index.ts";
import type { ProducerOptions } from "../../src/client/options.ts";
import { FakeServer } from "./fake-server.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

function start(options: ProducerOptions = {}) {
  const server = new FakeServer();
  const clock = new VirtualClock();
  const producer = new Producer("a", { transport: server.transport, clock, ...options });
  return { server, clock, producer };
}

/** What becomes of each, so far. */
function outcomes(promises: readonly Promise<unknown>[]): unknown[] {
  const results: unknown[] = promises.map(() => "pending");
  promises.forEach((promise, index) => {
    promise.then(
      () => {
        results[index] = "stored";
      },
      (error: Error) => {
        results[index] = error;
      },
    );
  });
  return results;
}

describe("a producer", () => {
  it("[CLIENT2] connects when it is first needed", async () => {
    const { server, producer } = start();
    await settled();
    expect(server.connections).toHaveLength(0);
    void producer.publish("t", "x");
    await settled();
    expect(server.last.said()).toEqual(["PUB t: x"]);
  });

  it("[CLIENT2] sends what is said in one turn in one piece", async () => {
    const { server, producer } = start();
    await producer.ping();
    await settled();
    const before = server.last.pieces;
    void producer.publish("t", "ä");
    void producer.deferredPublish("t", 1_500.4, new Uint8Array([49]));
    void producer.multiPublish("t", ["1", "22"]);
    await settled();
    expect(server.last.pieces - before).toBe(1);
    expect(server.last.said()).toEqual([
      "NOP",
      "PUB t: ä",
      "DPUB t 1500: 1",
      "MPUB t: \0\0\0\x02\0\0\0\x011\0\0\0\x0222",
    ]);
  });

  it("[CLIENT2] matches answers to publishes in order", async () => {
    const { server, producer } = start();
    const results = outcomes(["a", "b", "c"].map((body) => producer.publish("t", body)));
    await settled();
    server.last.response("OK");
    server.last.error("E_BAD_MESSAGE PUB too long");
    await settled();
    expect(results).toEqual(["stored", new ProtocolError("E_BAD_MESSAGE PUB too long"), "pending"]);
    expect((results[1] as ProtocolError).code).toBe("E_BAD_MESSAGE");
  });

  it("[CLIENT2] refuses a topic that would make another command of it", async () => {
    const { producer } = start();
    await expect(producer.publish("t\nPUB u", "x")).rejects.toThrow("invalid topic name");
  });

  it("[CLIENT2] answers heartbeats", async () => {
    const { server, producer } = start();
    await producer.ping();
    server.last.response("_heartbeat_");
    await settled();
    expect(server.last.said()).toEqual(["NOP", "NOP"]);
  });

  it("[CLIENT3] a lost connection rejects what had no answer, and nothing is sent twice", async () => {
    const { server, producer } = start();
    const results = outcomes([producer.publish("t", "a"), producer.publish("t", "b")]);
    await settled();
    server.last.response("OK");
    server.last.hangUp();
    await settled();
    expect(results).toEqual(["stored", expect.any(NotConnectedError)]);
    expect(server.connections).toHaveLength(1);
    void producer.publish("t", "c");
    await settled();
    expect(server.connections).toHaveLength(2);
    expect(server.last.said()).toEqual(["PUB t: c"]);
  });

  it("[CLIENT3] with republish what had no answer is sent again", async () => {
    const { server, producer, clock } = start({ republish: true });
    const results = outcomes([producer.publish("t", "a"), producer.publish("t", "b")]);
    await settled();
    server.last.response("OK");
    server.isUp = () => false;
    server.last.hangUp();
    await clock.pass(10_000);
    expect(results).toEqual(["stored", "pending"]);
    server.isUp = () => true;
    await clock.pass(10_000);
    expect(server.last.said()).toEqual(["PUB t: b"]);
    server.last.response("OK");
    await settled();
    expect(results).toEqual(["stored", "stored"]);
  });

  it.each([true, false])(
    "[CLIENT3] [CLIENT8] when the time of its secret is over the next publish comes with another; republish: %s",
    async (republish) => {
      let count = 0;
      const { server, producer, clock } = start({ authSecret: async () => `token ${++count}`, republish });
      server.isDirect = true;
      const results = outcomes([producer.publish("t", "a"), producer.publish("t", "b"), producer.publish("t", "c")]);
      await settled();
      server.last.response("OK");
      server.last.expire();
      await settled();
      // It is no answer to b, which may have been stored or not.
      const lost = new NotConnectedError("E_AUTH_FAILED AUTH failed", {
        cause: new ProtocolError("E_AUTH_FAILED AUTH failed"),
      });
      expect(results).toEqual(republish ? ["stored", "pending", "pending"] : ["stored", lost, lost]);
      void producer.publish("t", "d");
      await clock.pass(100);
      expect(server.connections.map(({ secret }) => secret)).toEqual(["token 1", "token 2"]);
      expect(server.last.said()).toEqual([...(republish ? ["PUB t: b", "PUB t: c"] : []), "PUB t: d"]);
    },
  );

  it("[CLIENT8] is not connected any more when the time of its secret is over while nothing waits", async () => {
    const { server, producer, clock } = start({ authSecret: "s" });
    const lost: string[] = [];
    producer.on("disconnection", ({ error }) => lost.push(error.message));
    await producer.ping();
    server.last.expire();
    expect(lost).toEqual(["E_AUTH_FAILED AUTH failed"]);
    const pinged = producer.ping();
    await clock.pass(100);
    await pinged;
    expect(server.connections).toHaveLength(2);
  });

  it("[CLIENT3] an address that cannot be reached rejects, and the next attempts wait longer and longer", async () => {
    const { server, producer, clock } = start();
    const attempts: number[] = [];
    const began = clock.now();
    server.isUp = () => {
      attempts.push(clock.now() - began);
      return false;
    };
    for (let i = 0; i < 5; i++) {
      const [result] = [outcomes([producer.publish("t", "x")])];
      await clock.pass(10_000);
      expect(result).toEqual([expect.any(NotConnectedError)]);
    }
    expect(attempts).toEqual([0, 10_075, 20_150, 30_300, 40_600]); // three quarters of 100, 200, 400, 800 ms: the chance is 0.5
  });

  it("[CLIENT3] an answer that belongs to nothing closes the connection", async () => {
    const { server, producer } = start();
    const lost: string[] = [];
    producer.on("disconnection", ({ error }) => lost.push(error.message));
    await producer.ping();
    server.last.response("OK");
    expect([server.last.isClosed, lost]).toEqual([true, ["an answer came that belongs to nothing: OK"]]);
  });

  it("[CLIENT3] that is stopped rejects what is under way and what follows", async () => {
    const { server, producer } = start();
    const results = outcomes([producer.publish("t", "a")]);
    await settled();
    producer.stop();
    await settled();
    expect([server.last.isClosed, results]).toEqual([true, [expect.any(NotConnectedError)]]);
    await expect(producer.publish("t", "b")).rejects.toThrow(StoppedError);
    await expect(producer.ping()).rejects.toThrow(StoppedError);
  });

  it("[CLIENT3] that is stopped at any moment of its connecting leaves no connection behind", async () => {
    for (let moment = 0; moment < 40; moment++) {
      const { server, producer } = start();
      const results = outcomes([producer.publish("t", "a")]);
      for (let i = 0; i < moment; i++) await Promise.resolve();
      producer.stop();
      await settled();
      expect(results, `${moment}`).toEqual([expect.any(NotConnectedError)]);
      expect(
        server.connections.filter(({ isClosed }) => !isClosed),
        `${moment}`,
      ).toEqual([]);
    }
  });

  it("[CLIENT3] an answer that is none rejects what waited for one", async () => {
    const { server, producer } = start();
    const results = outcomes([producer.publish("t", "a")]);
    await settled();
    server.last.response("WHAT");
    await settled();
    expect(results).toEqual([expect.any(NotConnectedError)]);
  });

  it("[CLIENT2] what is published when it has connected is sent once, in its turn", async () => {
    const { server, producer } = start();
    producer.on("connection", () => void producer.publish("t", "b"));
    void producer.publish("t", "a");
    await settled();
    expect(server.last.said()).toEqual(["PUB t: a", "PUB t: b"]);
  });

  it("[CLIENT3] with republish a server that closes at the publish is tried at ever longer intervals", async () => {
    const { server, producer, clock } = start({ republish: true });
    void producer.publish("t", "poison");
    for (let i = 0; i < 600; i++) {
      await clock.pass(100);
      server.last.hangUp();
    }
    expect(server.connections.length).toBeLessThan(20);
  });

  it("[CLIENT2] a body that is none rejects", async () => {
    const { producer } = start();
    await expect(producer.publish("t", undefined as unknown as string)).rejects.toThrow(TypeError);
  });
});
