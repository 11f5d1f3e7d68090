import { describe, expect, it } from "vitest";
import { bytesOf, command, identify, int32, mpub } from "../helpers/commands.ts";
import { everyCut, randomCuts } from "../helpers/cuts.ts";
import { connect, connectConsumer, errorOf, fill, idOf, messageOf } from "../helpers/session.ts";

describe("Session: order", () => {
  it("[SES2] replies to publishes go out in the order of the commands, whichever is stored first", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    expect(client.send(command("PUB slow", "1") + command("PUB fast", "2") + command("PUB slow", "3"))).toEqual([]);
    client.host.settle("fast");
    expect(client.replies()).toEqual([]);
    client.host.settle("slow", 1);
    expect(client.replies()).toEqual(["OK", "OK"]);
    client.host.settle("slow");
    expect(client.replies()).toEqual(["OK"]);
  });

  it("[SES2] an error of FIN waits for the publishes before it", () => {
    const client = connectConsumer();
    client.host.holdsPublishes = true;
    const failed = errorOf("E_FIN_FAILED FIN 0123456789abcdef failed ID not in flight");
    expect(client.send(`${command("PUB t", "x")}FIN 0123456789abcdef\n${command("PUB t", "y")}`)).toEqual([]);
    client.host.settle(undefined, 1);
    expect(client.replies()).toEqual(["OK", failed]);
    client.host.settle();
    expect(client.replies()).toEqual(["OK"]);
  });

  it("[SES2] what needs no answer is carried out at once, also behind a publish that is not stored", () => {
    const client = connectConsumer();
    client.host.holdsPublishes = true;
    fill(client.host.channel, 0, ["a", "b"]);
    client.send(`${command("PUB t", "x")}RDY 1\n`);
    expect(client.deliver()).toEqual([messageOf(0, "a")]);
    client.send(`FIN ${idOf(0)}\n`);
    expect(client.deliver()).toEqual([messageOf(1, "b")]);
  });

  it("[SES2] publishes do not wait for each other, nor NOP for them", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    const stream = `${command("PUB t", "1")}NOP\n${mpub("t", ["2"])}${command("DPUB t 5", "3")}${command("PUB t", "4")}`;
    expect(client.send(stream)).toEqual([]);
    expect(client.host.published.map(({ messages }) => messages)).toEqual([["1"], ["2"], ["3"], ["4"]]);
    expect(client.session.isBlocked).toBe(false);
  });

  it("[LINE5] what is kept while something is waited for can be told", () => {
    const client = connect();
    client.host.holdsSubscribes = true;
    client.send("SUB t ch\n");
    for (const piece of ["NOP\n", "PUB t\n", int32(1)]) client.send(piece);
    expect(client.session.unread).toBe(14);
    client.host.subscribeNow(client.session);
    expect([client.session.unread, client.replies()]).toEqual([0, ["OK"]]);
  });

  const BARRIERS: [string, string, string, string[]][] = [
    ["IDENTIFY", "", identify({ msg_timeout: 2000 }), ["OK"]],
    ["AUTH", "", command("AUTH", "x"), [errorOf("E_AUTH_DISABLED AUTH disabled")]],
    ["AUTH with parameters", "", "AUTH x\n", [errorOf("E_INVALID AUTH invalid number of parameters")]],
    ["SUB", "", "SUB t ch\n", ["OK"]],
    ["a bad SUB", "", "SUB t\n", [errorOf("E_INVALID SUB insufficient number of parameters")]],
    ["CLS", "SUB t ch\n", "CLS\n", ["CLOSE_WAIT"]],
    ["a CLS in the wrong state", "", "CLS\n", [errorOf("E_INVALID cannot CLS in current state")]],
  ];

  it.each(BARRIERS)("[SES2] %s waits until every publish before it is answered", (_, before, barrier, replies) => {
    for (const { name, pieces } of everyCut(bytesOf(barrier))) {
      const client = connect();
      client.send(before);
      const { state, settings } = client.session;
      client.host.holdsPublishes = true;
      client.send(command("PUB t", "x") + command("PUB u", "y"));
      const subscribed = client.host.subscriptions.length;
      expect(client.sendPieces(pieces), name).toEqual([]);
      expect([client.session.state, client.session.settings, client.host.subscriptions.length], name).toEqual([
        state,
        settings,
        subscribed,
      ]);
      client.host.settle("u");
      expect(client.replies(), name).toEqual([]);
      client.host.settle("t");
      expect(client.replies(), name).toEqual(["OK", "OK", ...replies]);
      expect(client.session.isBlocked, name).toBe(false);
    }
  });

  it.each(BARRIERS)("[SES2] what is behind %s waits with it", (_, before, barrier, replies) => {
    const client = connect();
    client.send(before);
    client.host.holdsPublishes = true;
    const isFatal = replies[0]?.startsWith("error") === true;
    expect(client.send(command("PUB t", "x") + barrier + command("PUB t", "behind"))).toEqual([]);
    expect([client.session.isBlocked, client.host.published.length]).toEqual([true, 1]);
    expect(client.send("NOP\n")).toEqual([]);
    client.host.settle();
    expect(client.replies()).toEqual(["OK", ...replies]);
    expect(client.host.published.length).toBe(isFatal ? 1 : 2);
    client.host.settle();
    expect(client.replies()).toEqual(isFatal ? [] : ["OK"]);
  });

  it("[SES2] several barriers with publishes between them are answered one after the other", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    const stream = `${command("PUB t", "1") + identify() + command("PUB t", "2") + identify() + identify()}SUB t ch\nCLS\n`;
    expect(client.send(stream)).toEqual([]);
    client.host.settle();
    expect(client.replies()).toEqual(["OK", "OK"]);
    client.host.settle();
    expect(client.replies()).toEqual(["OK", "OK", "OK", "OK", "CLOSE_WAIT"]);
  });

  it("[LINE6] any number of replies may come due at once", () => {
    const client = connectConsumer();
    client.host.holdsPublishes = true;
    const count = 150_000;
    client.send(`${command("PUB t", "x")}CLS\n${"FIN 0123456789abcdef\n".repeat(count)}`);
    client.host.settle();
    expect(client.session.takeOutput()).toHaveLength(2 + count);
  });
});

describe("Session: errors", () => {
  it("[SES3] after a fatal error nothing is carried out that was sent behind it", () => {
    const behind = `${command("PUB t", "x")}SUB t ch\n${mpub("u", [])}`;
    for (const fatal of [
      "BAD\n",
      "RDY 1\n",
      "PUB\n",
      "PUB t$\n",
      `PUB t\n${int32(0)}`,
      `MPUB t\n${int32(4)}${int32(0)}`,
    ]) {
      for (const { name, pieces } of randomCuts(bytesOf(fatal + behind))) {
        const client = connect();
        expect(client.sendPieces(pieces), name).toHaveLength(1);
        expect(client.end(), name).toEqual([]);
        expect([client.session.isDone, client.host.published, client.host.subscriptions], name).toEqual([true, [], []]);
      }
    }
  });

  it("[SES3] replies owed before a fatal error go out first, and the connection waits for them", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    expect(client.send(`${command("PUB t", "1")}${command("PUB u", "2")}BAD\n${command("PUB t", "3")}`)).toEqual([]);
    expect([client.session.isDone, client.host.published.length]).toEqual([false, 2]);
    client.host.settle("u");
    expect([client.replies(), client.session.isDone]).toEqual([[], false]);
    client.host.settle("t");
    expect(client.replies()).toEqual(["OK", "OK", errorOf("E_INVALID invalid command BAD")]);
    expect(client.session.isDone).toBe(true);
  });

  it("[SES3] when a publish fails, the replies before it go out and none behind it", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    client.send(command("PUB t", "1") + command("PUB t", "2") + command("PUB t", "3") + command("PUB u", "4"));
    client.host.settle("t", 1);
    client.host.settle("u");
    client.host.fail("t", client.session);
    expect(client.replies()).toEqual(["OK", errorOf("E_PUB_FAILED PUB failed exiting")]);
    expect(client.session.isDone).toBe(true);
    client.host.settle();
    expect([client.replies(), client.send(command("PUB t", "5"))]).toEqual([[], []]);
    expect(client.host.published).toHaveLength(4);
  });

  it("[SES3] when a publish fails before a fatal error behind it was sent, only its error goes out", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    client.send(`${command("PUB t", "1")}BAD\n`);
    client.host.fail("t", client.session);
    expect(client.replies()).toEqual([errorOf("E_PUB_FAILED PUB failed exiting")]);
    expect(client.session.isDone).toBe(true);
  });

  it("[SES3] two publishes that fail while an earlier one is not stored: the earlier error goes out", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    client.send(command("PUB slow", "1") + command("DPUB t 5", "2") + command("PUB u", "3"));
    client.host.fail("t", client.session);
    client.host.fail("u", client.session);
    expect([client.replies(), client.session.isDone]).toEqual([[], false]);
    client.host.settle("slow");
    expect(client.replies()).toEqual(["OK", errorOf("E_DPUB_FAILED DPUB failed exiting")]);
    expect(client.session.isDone).toBe(true);
  });

  it.each<[string, string, string]>([
    ["SUB", "", "SUB t ch\n"],
    ["CLS", "SUB t ch\n", "CLS\n"],
    ["IDENTIFY", "", identify({ feature_negotiation: true, snappy: true, msg_timeout: 2000 })],
    ["AUTH", "", "AUTH x\n"],
  ])("[SES3] a %s that waits for a publish is not carried out when the publish fails", (_, before, barrier) => {
    const client = connect();
    client.send(before);
    const { state, settings } = client.session;
    const subscriptions = [...client.host.subscriptions];
    client.host.holdsPublishes = true;
    client.send(command("PUB t", "x") + barrier);
    client.host.fail("t", client.session);
    expect(client.replies()).toEqual([errorOf("E_PUB_FAILED PUB failed exiting")]);
    expect(client.replies()).toEqual([]);
    expect([client.session.state, client.session.settings, client.session.isDone]).toEqual([state, settings, true]);
    expect([client.host.subscriptions, client.host.compressions]).toEqual([subscriptions, []]);
  });

  it("[SES3] whatever comes after the end is ignored", () => {
    const client = connect();
    client.send("BAD\n");
    expect([client.send(command("PUB t", "x")), client.end(), client.replies()]).toEqual([[], [], []]);
    expect([client.session.isDone, client.session.unread]).toEqual([true, 0]);
  });
});

describe("Session: end of input", () => {
  it("[SES6] whole commands are carried out and answered, and the connection ends", () => {
    const client = connect();
    client.session.receive(bytesOf(command("PUB t", "x") + command("PUB t", "y")), 0);
    client.session.endOfInput(0);
    expect([client.replies(), client.session.isDone]).toEqual([["OK", "OK"], true]);
  });

  it("[SES6] publishes that are not stored yet are still answered", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    client.send(command("PUB t", "x"));
    expect([client.end(), client.session.isDone]).toEqual([[], false]);
    client.host.settle();
    expect([client.replies(), client.session.isDone]).toEqual([["OK"], true]);
  });

  it("[SES6] what waits for a publish is still carried out", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    client.send(`${command("PUB t", "x")}${identify()}SUB t ch\n${command("PUB t", "y")}FIN `);
    expect([client.end(), client.session.isDone]).toEqual([[], false]);
    client.host.settle();
    expect([client.replies(), client.session.isDone]).toEqual([["OK", "OK", "OK"], false]);
    client.host.settle();
    expect([client.replies(), client.session.isDone]).toEqual([["OK"], true]);
  });

  it("[SES6] what waits for SUB is still carried out", () => {
    const client = connect();
    client.host.holdsSubscribes = true;
    client.send(`SUB t ch\n${command("PUB t", "x")}`);
    expect([client.end(), client.session.isDone]).toEqual([[], false]);
    client.host.subscribeNow(client.session);
    expect([client.replies(), client.session.isDone]).toEqual([["OK", "OK"], true]);
  });

  it("[SES6] a body that is cut behind a command that waits is an error in its turn", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    client.send(`${command("PUB t", "x")}IDENTIFY\n${int32(5)}{}`);
    expect(client.end()).toEqual([]);
    client.host.settle();
    expect(client.replies()).toEqual(["OK", errorOf("E_BAD_BODY IDENTIFY failed to read body")]);
    expect(client.session.isDone).toBe(true);
  });

  it.each(["", "  V", "  V2", "  V2P", "  V2NOP", "  V2NOP\n", "  V2NOP\nSUB t ch", "  V2NOP\r"])(
    "[SES6] after %j it ends without a word",
    (stream) => {
      const client = connect({ hasMagic: false });
      expect([client.send(stream), client.end(), client.session.isDone]).toEqual([[], [], true]);
      expect(client.host.subscriptions).toEqual([]);
    },
  );

  it("[SES6] the end may be told twice", () => {
    const client = connect();
    client.send(`PUB t\n${int32(5)}`);
    expect(client.end()).toHaveLength(1);
    expect(client.end()).toEqual([]);
  });
});
