import { describe, expect, it } from "vitest";
import { type BodyLimits, CommandDecoder } from "../../src/protocol/command-decoder.ts";
import { messageId, NOT_AN_ID } from "../../src/protocol/message-id.ts";
import { bytesOf, command, int32, mpub, textOf } from "../helpers/commands.ts";
import { everyCut, randomCuts } from "../helpers/cuts.ts";
import { Random } from "../helpers/random.ts";

const LIMITS: BodyLimits = { maxMsgSize: 100, maxBodySize: 500 };
const MAX_LINE = 16_383;

/** Everything that comes out of pieces, in a readable form. */
function decode(pieces: readonly Uint8Array[], limits = LIMITS, decoder = new CommandDecoder(limits)): string[] {
  const events: string[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (;;) {
      const decoded = decoder.next();
      if (decoded === "incomplete") break;
      events.push(describeEvent(decoder, decoded));
      if (decoded === "bad-size" || decoded === "overlong-line") return events;
    }
  }
  return events;
}

function describeEvent(decoder: CommandDecoder, decoded: string): string {
  const { line, buffer, bodyStart, bodyEnd } = decoder;
  if (decoded === "line") {
    const params = Array.from({ length: Math.min(3, line.paramCount) }, (_, index) => `|${line.param(index)}`);
    return `${line.name}${params.join("")}`;
  }
  if (decoded === "body") return `body ${textOf(buffer, bodyStart, bodyEnd)}`;
  return decoded === "bad-size" ? `bad-size ${decoder.size}` : decoded;
}

function decodeText(stream: string, limits = LIMITS): string[] {
  return decode([bytesOf(stream)], limits);
}

const FIXTURES: [string, string, string[]][] = [
  ["commands without a body", "NOP\nSUB t ch\nRDY 5\nCLS\n", ["NOP", "SUB|t|ch", "RDY|5", "CLS"]],
  [
    "commands with a body",
    command("PUB t", "x") + command("IDENTIFY", "{}"),
    ["PUB|t", "body x", "IDENTIFY", "body {}"],
  ],
  [
    "a session",
    command("IDENTIFY", '{"client_id":"x"}') +
      command("PUB t", "one") +
      mpub("t", ["two", "3"]) +
      command("DPUB t 0", "four"),
    [
      "IDENTIFY",
      'body {"client_id":"x"}',
      "PUB|t",
      "body one",
      "MPUB|t",
      "body \0\0\0\x02\0\0\0\x03two\0\0\0\x013",
      "DPUB|t|0",
      "body four",
    ],
  ],
  [
    "a body that looks like commands",
    `${command("PUB t", "NOP\nPUB t\n\r\n")}NOP\n`,
    ["PUB|t", "body NOP\nPUB t\n\r\n", "NOP"],
  ],
  [
    "a size that holds line ends",
    `${command("PUB t", "x".repeat(10))}NOP\r\n`,
    ["PUB|t", `body ${"x".repeat(10)}`, "NOP"],
  ],
  ["CRLF line ends", "NOP\r\nSUB t ch\r\nFIN 0123456789abcdef\r\n", ["NOP", "SUB|t|ch", "FIN|0123456789abcdef"]],
  ["one CR of two dropped", "NOP\r\r\n", ["NOP\r"]],
  ["a CR inside a line", "NOP\rNOP\n\rNOP\n", ["NOP\rNOP", "\rNOP"]],
  [
    "the same line again, and others that begin like it",
    `${command("PUB t", "a")}${command("PUB t", "b")}${command("PUB tt", "c")}${command("PUB t 1", "d")}${command("PUB t\r", "e")}`,
    ["PUB|t", "body a", "PUB|t", "body b", "PUB|tt", "body c", "PUB|t|1", "body d", "PUB|t", "body e"],
  ],
  [
    "the same line again after one without a body",
    `${command("PUB t", "a")}NOP\n${command("PUB t", "b")}RDY 1\n`,
    ["PUB|t", "body a", "NOP", "PUB|t", "body b", "RDY|1"],
  ],
  ["empty lines", "\n\r\n \n", ["", "", "|"]],
  ["empty parameters", "SUB  ch\nRDY \nREQ a b c d\n", ["SUB||ch", "RDY|", "REQ|a|b|c"]],
  ["bytes that are no text", "\0\xff \x80\n", ["\0\xff|\x80"]],
  ["a lower case name, which carries no body", "pub t\n\0\0\0\x01\n", ["pub|t", "\0\0\0\x01"]],
  ["a size of 0", `PUB t\n${int32(0)}NOP\n`, ["PUB|t", "bad-size 0"]],
  ["a negative size", `IDENTIFY\n${int32(-1)}{}`, ["IDENTIFY", "bad-size -1"]],
  ["the smallest size there is", `AUTH\n${int32(-(2 ** 31))}`, ["AUTH", "bad-size -2147483648"]],
  ["the largest message", command("PUB t", "m".repeat(100)), ["PUB|t", `body ${"m".repeat(100)}`]],
  ["a message too large", `PUB t\n${int32(101)}`, ["PUB|t", "bad-size 101"]],
  ["a deferred message too large", `DPUB t 5\n${int32(101)}`, ["DPUB|t|5", "bad-size 101"]],
  ["a body that is larger than a message", command("MPUB t", "m".repeat(101)), ["MPUB|t", `body ${"m".repeat(101)}`]],
  ["a body too large", `MPUB t\n${int32(501)}`, ["MPUB|t", "bad-size 501"]],
  ["an IDENTIFY too large", `IDENTIFY\n${int32(2 ** 31 - 1)}`, ["IDENTIFY", "bad-size 2147483647"]],
];

describe("CommandDecoder", () => {
  it.each(FIXTURES)("[LINE1] %s: decoded whole", (_, stream, events) => {
    expect(decodeText(stream)).toEqual(events);
  });

  it.each(FIXTURES)("[LINE3] %s: the same comes out of a stream cut at every byte", (_, stream, events) => {
    for (const { name, pieces } of everyCut(bytesOf(stream))) expect(decode(pieces), name).toEqual(events);
  });

  it("[LINE3] empty pieces change nothing", () => {
    const pieces = ["", "NO", "", "P\n", "", "PUB t\n\0\0", "", "\0\x01", "", "x", ""].map((text) => bytesOf(text));
    expect(decode(pieces)).toEqual(["NOP", "PUB|t", "body x"]);
  });

  it("[LINE3] many commands come out whole from random pieces", () => {
    const random = new Random(11);
    const messages = Array.from({ length: 300 }, () => textOf(random.bytes(1 + random.int(100))));
    const stream = bytesOf(messages.map((message) => command("PUB topic", message)).join(""));
    const events = messages.flatMap((message) => ["PUB|topic", `body ${message}`]);
    for (const { name, pieces } of randomCuts(stream, 12, 30)) expect(decode(pieces), name).toEqual(events);
  });

  it("[LINE3] a line is told to be repeated when it is that of the command before, byte for byte", () => {
    const lines = [
      "PUB t",
      "PUB t",
      "PUB t\r",
      "PUB t",
      "PUB t",
      "PUB tt",
      "PUB tt",
      "DPUB t 1",
      "DPUB t 1",
      "DPUB t 2",
    ];
    const decoder = new CommandDecoder(LIMITS);
    const repeated: number[] = [];
    for (const [index, line] of lines.entries()) {
      decoder.push(bytesOf(command(line, "x")));
      decoder.next();
      if (decoder.isRepeated) repeated.push(index);
      decoder.next();
    }
    expect(repeated).toEqual([1, 4, 6, 8]);
    decoder.push(bytesOf("NOP\nDPUB t 2\n"));
    for (const line of ["NOP", "DPUB"])
      expect([decoder.next(), decoder.line.name, decoder.isRepeated]).toEqual(["line", line, false]);
  });

  it.each(["\n", "\r\n"])("[LINE2] a line of 16,383 bytes is taken, its end %j", (end) => {
    const line = `NOP ${"x".repeat(MAX_LINE - 3 - end.length)}`;
    const events = [`NOP|${"x".repeat(MAX_LINE - 3 - end.length)}`, "NOP"];
    const stream = bytesOf(`${line}${end}NOP\n`);
    expect(line.length + end.length).toBe(MAX_LINE + 1);
    expect(decode([stream])).toEqual(events);
    for (const { name, pieces } of randomCuts(stream)) expect(decode(pieces), name).toEqual(events);
    for (const at of [1, 16_381, 16_382, 16_383, 16_384, 16_385]) {
      expect(decode([stream.subarray(0, at), stream.subarray(at)]), `cut at ${at}`).toEqual(events);
    }
  });

  it("[LINE2] a line of one byte more is overlong, and so is one without an end", () => {
    const overlong = bytesOf(`NOP\n${"x".repeat(MAX_LINE + 1)}\nNOP\n`);
    const endless = bytesOf(`NOP\n${"x".repeat(40_000)}`);
    for (const stream of [overlong, endless]) {
      expect(decode([stream])).toEqual(["NOP", "overlong-line"]);
      for (const { name, pieces } of randomCuts(stream)) expect(decode(pieces), name).toEqual(["NOP", "overlong-line"]);
    }
  });

  it("[LINE2] a line is overlong as soon as 16,384 bytes without an end are there, and not before", () => {
    const decoder = new CommandDecoder(LIMITS);
    for (let i = 0; i < MAX_LINE; i++) {
      decoder.push(bytesOf("x"));
      expect(decoder.next()).toBe("incomplete");
    }
    decoder.push(bytesOf("x"));
    expect([decoder.next(), decoder.next()]).toEqual(["overlong-line", "overlong-line"]);
  });

  it("[LINE2] the limit counts from the beginning of each line", () => {
    const line = `NOP ${"x".repeat(10_000)}\n`;
    expect(decodeText(line.repeat(5))).toHaveLength(5);
  });

  it("[LINE4] the line is given out before its body has begun to come", () => {
    const decoder = new CommandDecoder(LIMITS);
    decoder.push(bytesOf("PUB t\n"));
    expect([decoder.next(), decoder.line.name, decoder.awaitsBody]).toEqual(["line", "PUB", true]);
    expect(decoder.next()).toBe("incomplete");
    decoder.push(bytesOf(int32(1)));
    expect(decoder.next()).toBe("incomplete");
    decoder.push(bytesOf("x"));
    expect([decoder.next(), decoder.awaitsBody]).toEqual(["body", false]);
  });

  it.each([0, -1, -(2 ** 31), 101, 2 ** 31 - 1])("[LINE4] the size %i is refused before the body arrives", (size) => {
    const decoder = new CommandDecoder(LIMITS);
    decoder.push(bytesOf(`PUB t\n${int32(size).slice(0, 3)}`));
    expect([decoder.next(), decoder.next()]).toEqual(["line", "incomplete"]);
    decoder.push(bytesOf(int32(size).slice(3)));
    expect([decoder.next(), decoder.size]).toEqual(["bad-size", size]);
  });

  it("[LINE4] the limits themselves are allowed", () => {
    const limits: BodyLimits = { maxMsgSize: 3, maxBodySize: 5 };
    const good =
      command("PUB t", "abc") + command("DPUB t 0", "abc") + command("AUTH", "abcde") + command("MPUB t", "abcde");
    expect(decodeText(good, limits).filter((event) => event.startsWith("bad-size"))).toEqual([]);
    for (const line of ["PUB t", "DPUB t 0"]) expect(decodeText(`${line}\n${int32(4)}`, limits)[1]).toBe("bad-size 4");
    for (const line of ["IDENTIFY", "AUTH", "MPUB t"]) {
      expect(decodeText(`${line}\n${int32(6)}`, limits)[1]).toBe("bad-size 6");
    }
  });

  it("[LINE5] what is kept is bounded by the longest line and body, however small the pieces", () => {
    const longest = MAX_LINE + 1 + 4 + LIMITS.maxBodySize;
    const streams = [
      `PUB ${"t".repeat(MAX_LINE - 4)}\n${int32(100)}${"m".repeat(100)}`,
      `MPUB ${"t".repeat(MAX_LINE - 5)}\n${int32(500)}${"m".repeat(500)}`,
      "NOP\n".repeat(10_000),
      command("PUB t", "m".repeat(100)).repeat(400),
    ];
    for (const stream of streams) {
      const decoder = new CommandDecoder(LIMITS);
      const bytes = bytesOf(stream);
      for (let at = 0; at < bytes.length; at += 37) {
        decode([bytes.subarray(at, at + 37)], LIMITS, decoder);
        expect(decoder.pending.length).toBeLessThanOrEqual(longest);
        expect(decoder.buffer.length).toBeLessThanOrEqual(2 * longest);
      }
    }
  });

  it("[LINE5] what was decoded is kept no longer", () => {
    const decoder = new CommandDecoder(LIMITS);
    expect(decode([bytesOf("NOP\nNOP\n")], LIMITS, decoder)).toEqual(["NOP", "NOP"]);
    expect([decoder.pending.length, decoder.rest.length, decoder.interrupted]).toEqual([0, 0, null]);
    expect(decode([bytesOf("NOP\nPU")], LIMITS, decoder)).toEqual(["NOP"]);
    expect(textOf(decoder.pending)).toBe("PU");
  });

  it.each<[string, "line" | "size" | "body" | null, string, string]>([
    ["", null, "", ""],
    ["NOP\n", null, "", ""],
    ["NO", "line", "NO", "NO"],
    ["NOP\nNO", "line", "NO", "NO"],
    ["NOP\nPUB t\n", "size", "PUB t\n", ""],
    ["NOP\nPUB t\n\0\0", "size", "PUB t\n\0\0", "\0\0"],
    ["NOP\nPUB t\n\0\0\0\x02", "body", "PUB t\n\0\0\0\x02", ""],
    ["NOP\nPUB t\n\0\0\0\x02x", "body", "PUB t\n\0\0\0\x02x", "x"],
    ["NOP\nPUB t\n\0\0\0\x02xy", null, "", ""],
  ])("[SES6] the end of input after %j interrupts: %s", (stream, interrupted, pending, rest) => {
    for (const { name, pieces } of everyCut(bytesOf(stream))) {
      const decoder = new CommandDecoder(LIMITS);
      decode(pieces, LIMITS, decoder);
      const found = [decoder.interrupted, textOf(decoder.pending), textOf(decoder.rest)];
      expect(found, name).toEqual([interrupted, pending, rest]);
    }
  });

  it("[SES7] a fresh decoder goes on with what another had pending", () => {
    const stream = bytesOf(`${command("PUB t", "one")}NOP\n${mpub("t", ["a", "bc"])}`);
    const events = decode([stream]);
    for (let at = 0; at <= stream.length; at++) {
      const before = new CommandDecoder(LIMITS);
      const first = decode([stream.subarray(0, at)], LIMITS, before);
      // The line of a command that is not complete comes out again.
      if (before.awaitsBody) first.pop();
      const second = decode([before.pending.slice(), stream.subarray(at)]);
      expect([...first, ...second], `cut at ${at}`).toEqual(events);
    }
  });

  it("[LINE3] the whole command lies between commandStart and commandEnd", () => {
    const whole = command("DPUB topic 5", "body");
    for (const { name, pieces } of everyCut(bytesOf(`NOP\n${whole}NOP\n`))) {
      const decoder = new CommandDecoder(LIMITS);
      const found: string[] = [];
      for (const piece of pieces) {
        decoder.push(piece);
        for (let decoded = decoder.next(); decoded !== "incomplete"; decoded = decoder.next()) {
          if (decoded === "body") found.push(textOf(decoder.buffer, decoder.commandStart, decoder.commandEnd));
        }
      }
      expect(found, name).toEqual([whole]);
    }
  });

  it("[LINE3] a FIN of this node is taken at a glance once its whole line is there, and anything else is a line as ever", () => {
    const [node, seq] = [3, 1_000];
    const id = messageId(node, seq);
    const stream = bytesOf(`FIN ${id}\n`);
    for (let cut = 0; cut < stream.length; cut++) {
      const decoder = new CommandDecoder(LIMITS);
      decoder.push(stream.subarray(0, cut));
      expect([decoder.nextFinish(node), decoder.pending.length], `${cut}`).toEqual([NOT_AN_ID, cut]);
      decoder.push(stream.subarray(cut));
      expect([decoder.nextFinish(node), decoder.pending.length], `${cut}`).toEqual([seq, 0]);
    }
    const others = [
      `FIN ${messageId(node + 1, seq)}\n`,
      `FIN ${id.slice(0, 15)}g\n`,
      `FIN ${id}\r\n`,
      `FIN ${id} \n`,
      `FIN ${id.slice(0, 15)}\n\n`,
      `FIX ${id}\n`,
      `REQ ${id} 0\n`,
    ];
    for (const other of others) {
      const decoder = new CommandDecoder(LIMITS);
      decoder.push(bytesOf(other));
      expect(decoder.nextFinish(node), other).toBe(NOT_AN_ID);
      const [event, next] = [decoder.next(), decoder.nextFinish(node)];
      expect([event, next], other).toEqual(["line", NOT_AN_ID]);
    }
  });

  it("[LINE3] a body that reads like a FIN is none, however much of it has come", () => {
    const [id, body] = [messageId(3, 1_000), 60];
    for (const size of [int32(body), "FIN "]) {
      const decoder = new CommandDecoder({ ...LIMITS, maxMsgSize: 2 ** 31 });
      decoder.push(bytesOf(`PUB t\n${size}FIN ${id}\n${id}\n`));
      const found = [decoder.next(), decoder.nextFinish(3), decoder.next(), decoder.nextFinish(3)];
      expect(found, size).toEqual(["line", NOT_AN_ID, "incomplete", NOT_AN_ID]);
    }
  });

  it("[SES3] after clear nothing is left of what was not decoded", () => {
    const decoder = new CommandDecoder(LIMITS);
    decoder.push(bytesOf("NOP\nNOP\nBA"));
    expect(decoder.next()).toBe("line");
    decoder.clear();
    expect([decoder.next(), decoder.rest.length]).toEqual(["incomplete", 0]);
    expect(decode([bytesOf("CLS\n")], LIMITS, decoder)).toEqual(["CLS"]);
  });

  it("[LINE6] whatever bytes come, each stream ends in a size, an overlong line or in waiting", () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const random = new Random(seed);
      const stream = random.bytes(random.int(200)).map((value) => (random.chance(20) ? 10 : value));
      const lines = stream.filter((value) => value === 10).length;
      const events = decode([stream]);
      expect(events.length, `seed ${seed}`).toBeLessThanOrEqual(lines);
    }
  });
});
