import { describe, expect, it } from "vitest";
import { clientError } from "../../../src/protocol/errors.ts";
import { bytesOf, command, int32, mpub, mpubBody, sized } from "../../helpers/commands.ts";
import { everyCut } from "../../helpers/cuts.ts";
import { connect, connectConsumer, errorOf } from "../../helpers/session.ts";

const UMLAUT = "t\xc3\xa4";
/** A topic that cannot be, as it is sent and as it is quoted. */
const BAD_TOPICS: [string, string][] = [
  ["t$", '"t$"'],
  ["", '""'],
  ["a:b", '"a:b"'],
  ["*", '"*"'],
  ["#ephemeral", '"#ephemeral"'],
  ["t#ephemeral#ephemeral", '"t#ephemeral#ephemeral"'],
  ["x".repeat(65), `"${"x".repeat(65)}"`],
  ['a"b\\', '"a\\"b\\\\"'],
  ["a\x01\tb", '"a\\x01\\tb"'],
  [UMLAUT, `"${UMLAUT}"`],
  ["t\xff", '"t\\xff"'],
];

/** Refused at once: nothing of the body needs to come. */
const REFUSED: [string, string][] = [
  ["PUB\n", "E_INVALID PUB insufficient number of parameters"],
  ["DPUB\n", "E_INVALID DPUB insufficient number of parameters"],
  ["DPUB t\n", "E_INVALID DPUB insufficient number of parameters"],
  ["MPUB\n", "E_INVALID MPUB insufficient number of parameters"],
  ["DPUB t abc\n", "E_INVALID DPUB could not parse timeout abc"],
  ["DPUB t -1\n", "E_INVALID DPUB could not parse timeout -1"],
  ["DPUB t +5\n", "E_INVALID DPUB could not parse timeout +5"],
  ["DPUB t 1.5\n", "E_INVALID DPUB could not parse timeout 1.5"],
  ["DPUB t \xff\n", "E_INVALID DPUB could not parse timeout \xff"],
  ["DPUB t 3600001\n", "E_INVALID DPUB timeout 3600001 out of range 0-3600000"],
  ["DPUB t 0003600001\n", "E_INVALID DPUB timeout 3600001 out of range 0-3600000"],
  ["DPUB t 18446744073709551615\n", "E_INVALID DPUB timeout 18446744073709551615 out of range 0-3600000"],
  [`PUB t\n${int32(0)}`, "E_BAD_MESSAGE PUB invalid message body size 0"],
  [`PUB t\n${int32(-1)}`, "E_BAD_MESSAGE PUB invalid message body size -1"],
  [`PUB t\n${int32(-(2 ** 31))}`, "E_BAD_MESSAGE PUB invalid message body size -2147483648"],
  [`PUB t\n${int32(1001)}`, "E_BAD_MESSAGE PUB message too big 1001 > 1000"],
  [`PUB t\n${int32(2 ** 31 - 1)}`, "E_BAD_MESSAGE PUB message too big 2147483647 > 1000"],
  [`DPUB t 5\n${int32(0)}`, "E_BAD_MESSAGE DPUB invalid message body size 0"],
  [`DPUB t 5\n${int32(-1)}`, "E_BAD_MESSAGE DPUB invalid message body size -1"],
  [`DPUB t 5\n${int32(1001)}`, "E_BAD_MESSAGE DPUB message too big 1001 > 1000"],
];

/** Refused at once, too; in nsqd the topic exists from then on. */
const REFUSED_MPUB: [string, string][] = [
  [int32(0), "E_BAD_BODY MPUB invalid body size 0"],
  [int32(-1), "E_BAD_BODY MPUB invalid body size -1"],
  [int32(5001), "E_BAD_BODY MPUB body too big 5001 > 5000"],
  [int32(2 ** 31 - 1), "E_BAD_BODY MPUB body too big 2147483647 > 5000"],
  [int32(100) + int32(0), "E_BAD_BODY MPUB invalid message count 0"],
  [int32(100) + int32(-1), "E_BAD_BODY MPUB invalid message count -1"],
  [int32(100) + int32(1000), "E_BAD_BODY MPUB invalid message count 1000"],
  [int32(100) + int32(2) + int32(0), "E_BAD_MESSAGE MPUB invalid message(0) body size 0"],
  [int32(100) + int32(2) + sized("a") + int32(-1), "E_BAD_MESSAGE MPUB invalid message(1) body size -1"],
  [int32(100) + int32(3) + sized("a") + int32(1001), "E_BAD_MESSAGE MPUB message too big 1001 > 1000"],
];

/** Not refused before the input ends. */
const CUT: [string, string][] = [
  ["PUB t\n", "E_BAD_MESSAGE PUB failed to read message body size"],
  ["PUB t\n\0\0\0", "E_BAD_MESSAGE PUB failed to read message body size"],
  [`PUB t\n${int32(10)}`, "E_BAD_MESSAGE PUB failed to read message body"],
  [`PUB t\n${int32(10)}abc`, "E_BAD_MESSAGE PUB failed to read message body"],
  ["DPUB t 5\n", "E_BAD_MESSAGE DPUB failed to read message body size"],
  [`DPUB t 5\n${int32(10)}abc`, "E_BAD_MESSAGE DPUB failed to read message body"],
  ["MPUB t\n", "E_BAD_BODY MPUB failed to read body size"],
  ["MPUB t\n\0\0", "E_BAD_BODY MPUB failed to read body size"],
  [`MPUB t\n${int32(100)}`, "E_BAD_BODY MPUB failed to read message count"],
  [`MPUB t\n${int32(100)}\0\0`, "E_BAD_BODY MPUB failed to read message count"],
  [`MPUB t\n${int32(100)}${int32(2)}`, "E_BAD_MESSAGE MPUB failed to read message(0) body size"],
  [`MPUB t\n${int32(100)}${int32(2)}${sized("a")}\0`, "E_BAD_MESSAGE MPUB failed to read message(1) body size"],
  [`MPUB t\n${int32(100)}${int32(1)}${int32(5)}a`, "E_BAD_MESSAGE MPUB failed to read message body"],
  [`MPUB t\n${int32(100)}${int32(1)}${sized("a")}`, "E_BAD_MESSAGE MPUB failed to read message body"],
];

describe("PUB, DPUB and MPUB", () => {
  it("[PUB1] what passes is published as it came, and answered OK", () => {
    const stream = [
      command("PUB t.1", "\0binary\n\xff"),
      command("DPUB t.1 250", "later"),
      command("DPUB t#ephemeral 0", "now"),
      command("DPUB t ", "empty delay"),
      command("DPUB t 3600000", "the longest delay"),
      mpub("t-2", ["a", "bc", "\0\0"]),
    ];
    const client = connect();
    expect(client.send(stream.join(""))).toEqual(["OK", "OK", "OK", "OK", "OK", "OK"]);
    const [first, second, third, fourth, fifth, sixth] = stream;
    expect(client.host.published).toEqual([
      { command: "PUB", topic: "t.1", deferMs: 0, messages: ["\0binary\n\xff"], raw: first },
      { command: "DPUB", topic: "t.1", deferMs: 250, messages: ["later"], raw: second },
      { command: "DPUB", topic: "t#ephemeral", deferMs: 0, messages: ["now"], raw: third },
      { command: "DPUB", topic: "t", deferMs: 0, messages: ["empty delay"], raw: fourth },
      { command: "DPUB", topic: "t", deferMs: 3_600_000, messages: ["the longest delay"], raw: fifth },
      { command: "MPUB", topic: "t-2", deferMs: 0, messages: ["a", "bc", "\0\0"], raw: sixth },
    ]);
    expect(client.host.createdTopics).toEqual([]);
  });

  it("[PUB1] the same is published from a stream cut at every byte", () => {
    const stream =
      command("PUB t", "one") + command("DPUB t2 9", "two") + mpub("t", ["3", "four"]) + command("PUB t", "five");
    const expected = connect();
    expected.send(stream);
    for (const { name, pieces } of everyCut(bytesOf(stream))) {
      const client = connect();
      expect(client.sendPieces(pieces), name).toEqual(["OK", "OK", "OK", "OK"]);
      expect(client.host.published, name).toEqual(expected.host.published);
    }
  });

  it("[PUB1] the limits of sizes are inclusive", () => {
    const client = connect();
    const messages = ["m".repeat(1000), "m".repeat(1000), "m".repeat(1000), "m".repeat(1000), "m".repeat(976)];
    expect(mpubBody(messages)).toHaveLength(5000);
    const largest = command("PUB t", "m".repeat(1000)) + command("DPUB t 1", "m".repeat(1000)) + mpub("t", messages);
    expect(client.send(largest)).toEqual(["OK", "OK", "OK"]);
  });

  it("[PUB1] a delay of one publish is none of the next", () => {
    const client = connect();
    client.send(command("DPUB t 100", "x") + command("PUB t", "y") + command("DPUB t 7", "z") + mpub("t", ["m"]));
    expect(client.host.published.map(({ deferMs }) => deferMs)).toEqual([100, 0, 7, 0]);
  });

  it("[PUB1] many messages of one byte fit as the limit allows", () => {
    const messages = Array.from({ length: 999 }, () => "m");
    const client = connect();
    expect(client.send(mpub("t", messages))).toEqual(["OK"]);
    expect(client.host.published[0]?.messages).toEqual(messages);
  });

  it.each(REFUSED)("[PUB1] %j is refused before a body arrives: %s", (stream, text) => {
    for (const { name, pieces } of everyCut(bytesOf(stream))) {
      const client = connect();
      expect(client.sendPieces(pieces), name).toEqual([errorOf(text)]);
      expect([client.session.isDone, client.host.published, client.host.createdTopics]).toEqual([true, [], []]);
    }
  });

  it.each(REFUSED_MPUB)("[PUB2] MPUB with %j is refused as soon as that is known: %s", (rest, text) => {
    for (const { name, pieces } of everyCut(bytesOf(`MPUB t\n${rest}`))) {
      const client = connect();
      expect(client.sendPieces(pieces), name).toEqual([errorOf(text)]);
      expect([client.session.isDone, client.host.published]).toEqual([true, []]);
    }
  });

  it.each(REFUSED_MPUB)("[PUB1] the topic of MPUB exists though its body was refused: %j", (rest) => {
    const client = connect();
    client.send(`MPUB t\n${rest}`);
    expect(client.host.createdTopics).toEqual(["t"]);
  });

  it.each(CUT)("[SES6] the end of input after %j is an error: %s", (stream, text) => {
    for (const { name, pieces } of everyCut(bytesOf(stream))) {
      const client = connect();
      expect(client.sendPieces(pieces), name).toEqual([]);
      expect(client.session.isDone, name).toBe(false);
      expect(client.end(), name).toEqual([errorOf(text)]);
      expect([client.session.isDone, client.host.published], name).toEqual([true, []]);
      expect(client.host.createdTopics, name).toEqual(stream.startsWith("MPUB") ? ["t"] : []);
    }
  });

  it.each(BAD_TOPICS)("[PUB1] the topic %j is refused before a body arrives", (topic, quoted) => {
    const published = (stream: string) => {
      const client = connect();
      const replies = client.send(stream);
      expect([client.session.isDone, client.host.published, client.host.createdTopics]).toEqual([true, [], []]);
      return replies;
    };
    expect(published(`PUB ${topic}\n`)).toEqual([errorOf(`E_BAD_TOPIC PUB topic name ${quoted} is not valid`)]);
    expect(published(`DPUB ${topic} 5\n`)).toEqual([errorOf(`E_BAD_TOPIC DPUB topic name ${quoted} is not valid`)]);
    // nsqd says the code twice
    expect(published(`MPUB ${topic}\n`)).toEqual([
      errorOf(`E_BAD_TOPIC E_BAD_TOPIC MPUB topic name ${quoted} is not valid`),
    ]);
  });

  it("[PUB1] a bad topic is refused also after good ones", () => {
    const client = connect();
    const text = 'E_BAD_TOPIC PUB topic name "t$" is not valid';
    expect(client.send(command("PUB t", "x") + command("PUB t$", "y"))).toEqual(["OK", errorOf(text)]);
  });

  it("[PUB1] of several errors of DPUB the first in nsqd's order is answered", () => {
    const CHECKS = [
      ["params", "E_INVALID DPUB insufficient number of parameters"],
      ["topic", 'E_BAD_TOPIC DPUB topic name "t$" is not valid'],
      ["delay", "E_INVALID DPUB could not parse timeout abc"],
      ["size", "E_BAD_MESSAGE DPUB invalid message body size 0"],
    ] as const;
    for (let mask = 1; mask < 2 ** CHECKS.length; mask++) {
      const wrong = CHECKS.filter((_, index) => mask & (1 << index));
      const names = wrong.map(([name]) => name);
      const topic = names.includes("topic") ? "t$" : "t";
      const delay = names.includes("delay") ? "abc" : "5";
      const line = names.includes("params") ? `DPUB ${topic}` : `DPUB ${topic} ${delay}`;
      const stream = `${line}\n${names.includes("size") ? int32(0) : sized("x")}`;
      const [, text] = wrong[0] as (typeof CHECKS)[number];
      expect([names, connect().send(stream)]).toEqual([names, [errorOf(text)]]);
    }
  });

  it("[PUB1] of several errors of MPUB the first in nsqd's order is answered", () => {
    const CHECKS = [
      ["params", "E_INVALID MPUB insufficient number of parameters"],
      ["topic", 'E_BAD_TOPIC E_BAD_TOPIC MPUB topic name "t$" is not valid'],
      ["size", "E_BAD_BODY MPUB body too big 5001 > 5000"],
      ["count", "E_BAD_BODY MPUB invalid message count 0"],
      ["message size", "E_BAD_MESSAGE MPUB invalid message(0) body size 0"],
      ["message too big", "E_BAD_MESSAGE MPUB message too big 1001 > 1000"],
    ] as const;
    for (let mask = 1; mask < 2 ** CHECKS.length; mask++) {
      const wrong = CHECKS.filter((_, index) => mask & (1 << index));
      const names = wrong.map(([name]) => name);
      const line = names.includes("params") ? "MPUB" : `MPUB ${names.includes("topic") ? "t$" : "t"}`;
      const sizes = [
        ...(names.includes("message size") ? [0] : []),
        ...(names.includes("message too big") ? [1001] : [1]),
      ];
      const entries = sizes.map((size) => int32(size) + "m".repeat(size)).join("");
      const body = int32(names.includes("count") ? 0 : sizes.length) + entries;
      const stream = `${line}\n${int32(names.includes("size") ? 5001 : body.length)}${body}`;
      const [, text] = wrong[0] as (typeof CHECKS)[number];
      expect([names, connect().send(stream)]).toEqual([names, [errorOf(text)]]);
    }
  });

  it.each(["more", "\0", command("PUB t", "x")])(
    "[PUB2] an MPUB whose size is not that of its messages publishes nothing: %j",
    (more) => {
      const client = connect();
      const text = `E_BAD_BODY MPUB body has ${more.length} bytes behind its last message`;
      expect(client.send(command("MPUB t", mpubBody(["a"]) + more))).toEqual([errorOf(text)]);
      expect([client.session.isDone, client.host.published]).toEqual([true, []]);
    },
  );

  it("[PUB2] an MPUB that is larger than its size publishes nothing", () => {
    const client = connect();
    const body = mpubBody(["abc", "def"]);
    const stream = `MPUB t\n${int32(body.length - 1)}${body}`;
    expect(client.send(stream)).toEqual([errorOf("E_BAD_MESSAGE MPUB failed to read message body")]);
    expect(client.host.published).toEqual([]);
  });

  it("[PUB2] one wrong message of many is enough: nothing is published", () => {
    const client = connect();
    const body = int32(5) + sized("a").repeat(4) + int32(0);
    expect(client.send(command("MPUB t", body))).toEqual([
      errorOf("E_BAD_MESSAGE MPUB invalid message(4) body size 0"),
    ]);
    expect(client.host.published).toEqual([]);
  });

  it("[PUB1] what the host refuses is answered and closes the connection", () => {
    const client = connect();
    client.host.publishError = clientError("E_PUB_FAILED", "PUB failed exiting");
    expect(client.send(command("PUB t", "x").repeat(2))).toEqual([errorOf("E_PUB_FAILED PUB failed exiting")]);
    expect([client.session.isDone, client.session.pubCounts.size]).toEqual([true, 0]);
  });

  it.each(["PUB", "MPUB", "DPUB"] as const)(
    "[PUB1] an %s that cannot be stored is answered with its own error",
    (name) => {
      const client = connect();
      client.host.holdsPublishes = true;
      const streams = { PUB: command("PUB t", "x"), MPUB: mpub("t", ["x"]), DPUB: command("DPUB t 5", "x") };
      expect(client.send(streams[name])).toEqual([]);
      client.host.fail("t", client.session);
      expect(client.replies()).toEqual([errorOf(`E_${name}_FAILED ${name} failed exiting`)]);
      expect(client.session.isDone).toBe(true);
    },
  );

  it("[PUB1] messages are counted by topic, each of an MPUB", () => {
    const client = connectConsumer();
    client.send(
      command("PUB a", "x") + mpub("b", ["1", "2"]) + command("DPUB a 5", "x") + command("PUB __proto__", "x"),
    );
    expect([...client.session.pubCounts]).toEqual([
      ["a", 2],
      ["b", 2],
      ["__proto__", 1],
    ]);
  });
});
