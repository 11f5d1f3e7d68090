import { describe, expect, it } from "vitest";
import { clientError } from "../../../src/protocol/errors.ts";
import { ClientState } from "../../../src/session/client-state.ts";
import { command, identify } from "../../helpers/commands.ts";
import { connect, connectConsumer, errorOf, FakeHost, fill, idOf, messageOf } from "../../helpers/session.ts";

describe("SUB", () => {
  it("[SUB1] it is answered OK, and nothing is delivered before RDY", () => {
    const client = connect();
    fill(client.host.channel, 0, ["a"]);
    expect(client.send("SUB topic-1 channel_2#ephemeral\n")).toEqual(["OK"]);
    expect(client.host.subscriptions).toEqual(["topic-1:channel_2#ephemeral"]);
    expect([client.session.state, client.session.isConsumer]).toEqual([ClientState.subscribed, true]);
    expect(client.deliver()).toEqual([]);
  });

  it.each<[string, string]>([
    ["SUB", "E_INVALID SUB insufficient number of parameters"],
    ["SUB t", "E_INVALID SUB insufficient number of parameters"],
    ["SUB t$t ch", 'E_BAD_TOPIC SUB topic name "t$t" is not valid'],
    ["SUB  ch", 'E_BAD_TOPIC SUB topic name "" is not valid'],
    ["SUB t ", 'E_BAD_CHANNEL SUB channel name "" is not valid'],
    ["SUB t c:h", 'E_BAD_CHANNEL SUB channel name "c:h" is not valid'],
    ["SUB t #ephemeral", 'E_BAD_CHANNEL SUB channel name "#ephemeral" is not valid'],
    [`SUB ${"t".repeat(65)} ch`, `E_BAD_TOPIC SUB topic name "${"t".repeat(65)}" is not valid`],
    [`SUB t ${"c".repeat(65)}`, `E_BAD_CHANNEL SUB channel name "${"c".repeat(65)}" is not valid`],
    ["SUB t\x01\xff ch", 'E_BAD_TOPIC SUB topic name "t\\x01\\xff" is not valid'],
    ["SUB t \xc3\xbc", 'E_BAD_CHANNEL SUB channel name "\xc3\xbc" is not valid'],
  ])("[SUB1] %j is refused: %s", (line, text) => {
    const client = connect();
    expect(client.send(`${line}\n`)).toEqual([errorOf(text)]);
    expect([client.session.isDone, client.host.subscriptions]).toEqual([true, []]);
  });

  it("[SUB1] it is refused with heartbeats off, where they are needed", () => {
    const off = identify({ heartbeat_interval: -1 });
    const text = "E_INVALID cannot SUB with heartbeats disabled";
    expect(connect().send(`${off}SUB t ch\n`)).toEqual(["OK", errorOf(text)]);
    expect(connect({ needsHeartbeats: false }).send(`${off}SUB t ch\n`)).toEqual(["OK", "OK"]);
  });

  it("[SUB1] of several errors the first in the spec's order is answered", () => {
    const CHECKS = [
      ["state", "E_INVALID cannot SUB in current state"],
      ["heartbeats", "E_INVALID cannot SUB with heartbeats disabled"],
      ["params", "E_INVALID SUB insufficient number of parameters"],
      ["topic", 'E_BAD_TOPIC SUB topic name "t$" is not valid'],
      ["channel", 'E_BAD_CHANNEL SUB channel name "c$" is not valid'],
    ] as const;
    for (let mask = 1; mask < 2 ** CHECKS.length; mask++) {
      const wrong = CHECKS.filter((_, index) => mask & (1 << index));
      const names = wrong.map(([name]) => name);
      const [, text] = wrong[0] as (typeof CHECKS)[number];
      // Where the state is wrong, heartbeats were turned off before: then they must not have been needed.
      const needsHeartbeats = !names.includes("state");
      const client = connect({ needsHeartbeats });
      if (names.includes("heartbeats")) client.send(identify({ heartbeat_interval: -1 }));
      if (names.includes("state")) client.send("SUB t ch\n");
      const topic = names.includes("topic") ? "t$" : "t";
      const channel = names.includes("channel") ? "c$" : "ch";
      const line = names.includes("params") ? `SUB ${topic}` : `SUB ${topic} ${channel}`;
      expect([names, client.send(`${line}\n`)]).toEqual([names, [errorOf(text)]]);
    }
  });

  it("[SUB2] a second SUB is refused, whatever it names", () => {
    for (const line of ["SUB t ch", "SUB t other", "SUB", "SUB t$ c$"]) {
      const client = connectConsumer();
      expect(client.send(`${line}\n`)).toEqual([errorOf("E_INVALID cannot SUB in current state")]);
      expect([client.session.isDone, client.host.subscriptions]).toEqual([true, ["t:ch"]]);
    }
  });

  it.each([
    "SUB failed consumers for t:ch exceeds limit of 1",
    "SUB failed exiting",
    "SUB failed to deleted topic/channel",
  ])("[SUB2] what the channel refuses is answered and closes the connection: %s", (text) => {
    const client = connect();
    client.host.subscribeError = clientError("E_SUB_FAILED", text);
    expect(client.send("SUB t ch\nRDY 1\n")).toEqual([errorOf(`E_SUB_FAILED ${text}`)]);
    expect([client.session.isDone, client.session.isConsumer]).toEqual([true, false]);
  });

  it("[SES2] what comes behind it waits until the channel has answered", () => {
    const client = connect();
    client.host.holdsSubscribes = true;
    fill(client.host.channel, 0, ["a"]);
    expect(client.send(`SUB t ch\nRDY 1\n${command("PUB t", "x")}`)).toEqual([]);
    expect([client.session.isBlocked, client.host.published]).toEqual([true, []]);
    expect(client.send("NOP\n")).toEqual([]);
    client.host.subscribeNow(client.session);
    expect(client.replies()).toEqual(["OK", "OK"]);
    expect(client.deliver()).toEqual([messageOf(0, "a")]);
  });
});

describe("RDY", () => {
  it.each<[string, number]>([
    ["RDY 5", 5],
    ["RDY 0", 0],
    ["RDY 2500", 2500],
    ["RDY 0002500", 2500],
    ["RDY", 1],
    ["RDY ", 0],
    ["RDY 3 4", 3],
  ])("[RDY1] %j makes the ceiling %i", (line, rdy) => {
    const client = connectConsumer();
    client.send("RDY 7\n");
    expect(client.send(`${line}\n`)).toEqual([]);
    expect([client.session.consumer.rdy, client.session.isDone]).toEqual([rdy, false]);
  });

  it.each<[string, string]>([
    ["RDY 2501", "E_INVALID RDY count 2501 out of range 0-2500"],
    ["RDY 0002501", "E_INVALID RDY count 2501 out of range 0-2500"],
    ["RDY 1000000", "E_INVALID RDY count 1000000 out of range 0-2500"],
    ["RDY abc", "E_INVALID RDY could not parse count abc"],
    ["RDY -1", "E_INVALID RDY could not parse count -1"],
    ["RDY +1", "E_INVALID RDY could not parse count +1"],
    ["RDY 1.5", "E_INVALID RDY could not parse count 1.5"],
    ["RDY 1\xff", "E_INVALID RDY could not parse count 1\xff"],
  ])("[RDY1] %j is refused: %s", (line, text) => {
    const client = connectConsumer();
    expect(client.send(`${line}\n`)).toEqual([errorOf(text)]);
    expect([client.session.isDone, client.session.consumer.rdy]).toEqual([true, 0]);
  });

  it("[NUM1] a count that 64 bits cannot hold does not wrap around", () => {
    const text = "E_INVALID RDY count 18446744073709551617 out of range 0-2500";
    expect(connectConsumer().send("RDY 18446744073709551617\n")).toEqual([errorOf(text)]);
  });

  it("[RDY1] the highest count is the server's", () => {
    const limits = { maxRdyCount: 50 };
    expect(connectConsumer({ limits }).send("RDY 50\n")).toEqual([]);
    expect(connectConsumer({ limits }).send("RDY 51\n")).toEqual([errorOf("E_INVALID RDY count 51 out of range 0-50")]);
  });

  it("[RDY1] it is a ceiling, not a credit: a finished message makes room for the next", () => {
    const client = connectConsumer();
    fill(client.host.channel, 0, ["a", "b", "c", "d"]);
    client.send("RDY 2\n");
    expect(client.deliver()).toEqual([messageOf(0, "a"), messageOf(1, "b")]);
    client.send("RDY 2\n");
    expect(client.deliver()).toEqual([]);
    client.send(`FIN ${idOf(0)}\n`);
    expect(client.deliver()).toEqual([messageOf(2, "c")]);
    client.send(`RDY 1\nFIN ${idOf(1)}\n`);
    expect(client.deliver()).toEqual([]);
    client.send(`FIN ${idOf(2)}\n`);
    expect(client.deliver()).toEqual([messageOf(3, "d")]);
  });

  it.each(["RDY 5", "RDY", "RDY abc", "RDY -1", "RDY 99999999", "RDY "])("[RDY1] after CLS %j is ignored", (line) => {
    const client = connectConsumer();
    client.send("CLS\n");
    expect(client.send(`${line}\n`)).toEqual([]);
    expect([client.session.consumer.rdy, client.session.isDone]).toEqual([0, false]);
  });
});

describe("CLS", () => {
  it("[CLS1] it is answered CLOSE_WAIT, and leaves the connection open", () => {
    const client = connectConsumer();
    expect(client.send("RDY 5\nCLS\n")).toEqual(["CLOSE_WAIT"]);
    expect([client.session.state, client.session.isDone]).toEqual([ClientState.closing, false]);
    expect(client.session.consumer.state).toMatchObject({ rdy: 0, isClosing: true });
  });

  it("[CLS1] nothing is delivered after it", () => {
    const client = connectConsumer();
    fill(client.host.channel, 0, ["a", "b"]);
    client.send("RDY 1\n");
    expect(client.deliver()).toEqual([messageOf(0, "a")]);
    client.send(`CLS\nRDY 5\nFIN ${idOf(0)}\n`);
    expect(client.deliver()).toEqual([]);
  });

  it("[CLS1] FIN, REQ, TOUCH and publishing go on after it", () => {
    const client = connectConsumer();
    fill(client.host.channel, 0, ["a", "b", "c"]);
    client.send("RDY 3\n");
    client.deliver();
    client.send("CLS\n");
    const answers = `FIN ${idOf(0)}\nREQ ${idOf(1)} 0\nTOUCH ${idOf(2)}\n`;
    expect(client.send(answers + command("PUB t", "x"))).toEqual(["OK"]);
    expect(client.session.consumer).toMatchObject({ inFlight: 1, finishCount: 1, requeueCount: 1 });
  });

  it("[CLS1] a second one is refused", () => {
    const client = connectConsumer();
    const text = "E_INVALID cannot CLS in current state";
    expect(client.send("CLS\nCLS\nCLS\n")).toEqual(["CLOSE_WAIT", errorOf(text)]);
    expect(client.session.isDone).toBe(true);
  });
});

describe("NOP", () => {
  it("[SES5] it is never answered, in no state", () => {
    for (const client of [connect(), connectConsumer()]) {
      expect(client.send("NOP\nNOP \nNOP a b c d\nNOP\r\n")).toEqual([]);
      expect(client.session.isDone).toBe(false);
    }
  });
});

describe("several consumers", () => {
  it("[SUB2] each connection is a consumer of its own", () => {
    const host = new FakeHost();
    const clients = ["c1", "c2"].map((id) =>
      connectConsumer({ host, connection: { id, remoteAddress: "192.0.2.7:1", connectedAt: 0 } }),
    );
    expect(host.channel.consumers.size).toBe(2);
    expect(clients.map(({ session }) => session.consumer.id)).toEqual(["c1", "c2"]);
  });
});
