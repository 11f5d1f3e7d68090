import { describe, expect, it } from "vitest";
import { bytesOf, command, identify, int32, MAGIC, mpub, textOf } from "../helpers/commands.ts";
import { everyCut } from "../helpers/cuts.ts";
import { connect, errorOf } from "../helpers/session.ts";

const BAD_PROTOCOL = errorOf("E_BAD_PROTOCOL");

describe("Session: the magic", () => {
  it("[SES1] nothing is said before the magic, nor after it", () => {
    const client = connect({ hasMagic: false });
    expect([client.session.isBlocked, client.session.isDone]).toEqual([false, false]);
    expect([client.replies(), client.send(MAGIC), client.session.isDone]).toEqual([[], [], false]);
    expect(client.send(command("PUB t", "x"))).toEqual(["OK"]);
  });

  it.each(["  V3", "  v2", "  V1", "GET ", "V2  ", "V2\n\n", "\0\0\0\0", "\xff\xff\xff\xff", "NOP\n"])(
    "[SES1] %j gets E_BAD_PROTOCOL and a close",
    (magic) => {
      for (const { name, pieces } of everyCut(bytesOf(`${magic}${command("PUB t", "x")}`))) {
        const client = connect({ hasMagic: false });
        expect(client.sendPieces(pieces), name).toEqual([BAD_PROTOCOL]);
        expect([client.session.isDone, client.host.published], name).toEqual([true, []]);
      }
    },
  );

  it("[SES1] the error frame has no text, and no space behind the code", () => {
    const client = connect({ hasMagic: false });
    client.session.receive(bytesOf("HELO"), 0);
    const output = client.session.takeOutput().map((frame) => textOf(frame));
    expect(output).toEqual([`${int32(18)}${int32(1)}E_BAD_PROTOCOL`]);
  });

  it("[SES1] three bytes of it are waited for, however wrong they are", () => {
    const client = connect({ hasMagic: false });
    expect([client.send("  X"), client.session.isDone]).toEqual([[], false]);
    expect(client.send("2")).toEqual([BAD_PROTOCOL]);
  });

  it("[SES1] commands may come with it, cut at every byte", () => {
    const stream = bytesOf(`${MAGIC + command("PUB t", "x")}NOP\n${identify()}${command("PUB t", "y")}`);
    for (const { name, pieces } of everyCut(stream)) {
      const client = connect({ hasMagic: false });
      expect(client.sendPieces(pieces), name).toEqual(["OK", "OK", "OK"]);
    }
  });

  it("[SES1] another part of the broker needs no magic", () => {
    const client = connect({ hasMagic: false });
    client.session.skipMagic();
    expect(client.send(command("PUB t", "x"))).toEqual(["OK"]);
  });
});

describe("Session: lines", () => {
  it.each<[string, string]>([
    ["NOPE\n", "NOPE"],
    ["ASDF one two\n", "ASDF"],
    ["\n", ""],
    ["\r\n", ""],
    [" NOP\n", ""],
    ["nop\n", "nop"],
    ["Pub t\n", "Pub"],
    ["PING\n", "PING"],
    ["REGISTER t\n", "REGISTER"],
    ["GET / HTTP/1.1\r\n", "GET"],
    ["NOP\r\r\n", "NOP\r"],
    ["NOP\rNOP\n", "NOP\rNOP"],
    ["PUB\tt\n", "PUB\tt"],
    ["NOP\0\n", "NOP\0"],
    ["\xff\xfe\n", "\xff\xfe"],
    ["constructor\n", "constructor"],
    ["__proto__\n", "__proto__"],
  ])("[LINE1] %j is answered: invalid command %j", (stream, name) => {
    const client = connect();
    expect(client.send(stream)).toEqual([errorOf(`E_INVALID invalid command ${name}`)]);
    expect(client.session.isDone).toBe(true);
  });

  it("[LINE1] lines may end in CRLF", () => {
    const stream = `SUB t ch\r\nRDY 5\r\nPUB t\r\n${int32(1)}xFIN 0123456789abcdef\r\nCLS\r\n`;
    const failed = errorOf("E_FIN_FAILED FIN 0123456789abcdef failed ID not in flight");
    expect(connect().send(stream)).toEqual(["OK", "OK", failed, "CLOSE_WAIT"]);
  });

  it("[LINE2] a line of 16,383 bytes is carried out, one byte more closes without an error frame", () => {
    const longest = `NOP ${"x".repeat(16_379)}`;
    const fine = connect();
    expect([fine.send(`${longest}\nNOP\n`), fine.session.isDone]).toEqual([[], false]);
    const overlong = connect();
    expect([overlong.send(`${longest}x\n${command("PUB t", "x")}`), overlong.session.isDone]).toEqual([[], true]);
    expect(overlong.host.published).toEqual([]);
  });

  it("[LINE2] replies owed go out before an overlong line closes the connection", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    expect(client.send(command("PUB t", "x") + "x".repeat(20_000))).toEqual([]);
    expect(client.session.isDone).toBe(false);
    client.host.settle();
    expect([client.replies(), client.session.isDone]).toEqual([["OK"], true]);
  });

  it("[LINE3] a whole session says the same however its input is cut", () => {
    const stream = [
      identify({ client_id: "x", feature_negotiation: true }),
      command("PUB t", "NOP\n"),
      mpub("t", ["a", "bc"]),
      "NOP\r\n",
      "SUB t ch\n",
      "RDY 5\n",
      "FIN 0123456789abcdef\n",
      command("DPUB t 10", "x"),
      "CLS\nCLS\n",
      command("PUB t", "too late"),
    ].join("");
    const whole = connect();
    const replies = whole.send(stream);
    expect(replies).toHaveLength(8);
    for (const { name, pieces } of everyCut(bytesOf(stream))) {
      const client = connect();
      expect(client.sendPieces(pieces), name).toEqual(replies);
      expect(client.host.published, name).toEqual(whole.host.published);
      expect(client.session.isDone, name).toBe(true);
    }
  });
});

describe("Session: giving a connection away", () => {
  it("[SES7] detach ends the session and hands over the input that is left", () => {
    const client = connect();
    client.host.holdsSubscribes = true;
    client.send(`SUB t ch\nRDY 1\n${command("PUB t", "x")}`);
    client.send("PUB t\n\0\0");
    expect(textOf(client.session.detach())).toBe(`RDY 1\n${command("PUB t", "x")}PUB t\n\0\0`);
    expect([client.session.unread, client.session.isDone]).toEqual([0, true]);
    expect(client.send("NOP\n")).toEqual([]);
  });

  it("[SES7] nothing gets lost or doubled at detach, wherever the stream is cut", () => {
    const before = command("PUB t", "x");
    const after = `RDY 1\n${command("PUB t", "y")}NO`;
    for (const { name, pieces } of everyCut(bytesOf(`${before}SUB t ch\n${after}`))) {
      const client = connect();
      client.host.holdsSubscribes = true;
      expect(client.sendPieces(pieces), name).toEqual(["OK"]);
      expect(textOf(client.session.detach()), name).toBe(after);
    }
  });
});
