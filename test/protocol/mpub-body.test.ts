import { describe, expect, it } from "vitest";
import type { BodyLimits } from "../../src/protocol/command-decoder.ts";
import { MpubCheck, type MpubProblem, mpubMessages } from "../../src/protocol/mpub-body.ts";
import { bytesOf, int32, mpubBody, sized, textOf } from "../helpers/commands.ts";
import { Random } from "../helpers/random.ts";

const LIMITS: BodyLimits = { maxMsgSize: 100, maxBodySize: 1004 };
/** (max-body-size - 4) / 5 */
const MAX_COUNT = 200;

function badBody(text: string): MpubProblem {
  return { code: "BAD_BODY", text };
}

function badMessage(text: string): MpubProblem {
  return { code: "BAD_MESSAGE", text };
}

/** What is found when the body comes up to each of `ends` in turn, and is whole at the last. */
function check(body: string, ends: readonly number[] = [body.length], limits = LIMITS): MpubProblem | null {
  const before = "before";
  const mpub = new MpubCheck(limits);
  for (const [index, end] of ends.entries()) {
    const buffer = bytesOf(before + body.slice(0, end));
    const problem = mpub.check(buffer, before.length, buffer.length, index === ends.length - 1);
    if (problem) return problem;
  }
  return null;
}

function upTo(length: number): number[] {
  return Array.from({ length: length + 1 }, (_, end) => end);
}

const BODIES: [string, string, MpubProblem | null][] = [
  ["two messages", mpubBody(["a", "b"]), null],
  ["one message of every byte", mpubBody(["\0\n\xff"]), null],
  ["the longest message", mpubBody(["m".repeat(100)]), null],
  ["bytes behind the last message", `${mpubBody(["a"])}more`, null],
  ["nothing", "", badBody("MPUB failed to read message count")],
  ["half a count", "\0\0\0", badBody("MPUB failed to read message count")],
  ["a count of 0", int32(0), badBody("MPUB invalid message count 0")],
  ["a negative count", int32(-1), badBody("MPUB invalid message count -1")],
  ["the smallest count there is", int32(-(2 ** 31)), badBody("MPUB invalid message count -2147483648")],
  ["a count that no body can hold", int32(MAX_COUNT + 1), badBody(`MPUB invalid message count ${MAX_COUNT + 1}`)],
  ["the largest count there is", int32(2 ** 31 - 1), badBody("MPUB invalid message count 2147483647")],
  ["a count alone", int32(1), badMessage("MPUB failed to read message(0) body size")],
  [
    "the largest count that is allowed, alone",
    int32(MAX_COUNT),
    badMessage("MPUB failed to read message(0) body size"),
  ],
  ["half a size", `${int32(1)}\0\0`, badMessage("MPUB failed to read message(0) body size")],
  [
    "a count larger than the messages",
    int32(3) + sized("a") + sized("b"),
    badMessage("MPUB failed to read message(2) body size"),
  ],
  ["an empty message", int32(1) + int32(0), badMessage("MPUB invalid message(0) body size 0")],
  [
    "an empty message behind others",
    int32(4) + sized("a").repeat(3) + int32(0),
    badMessage("MPUB invalid message(3) body size 0"),
  ],
  ["a negative size", int32(2) + sized("a") + int32(-1), badMessage("MPUB invalid message(1) body size -1")],
  ["a message too long", int32(1) + int32(101), badMessage("MPUB message too big 101 > 100")],
  ["the largest size there is", int32(1) + int32(2 ** 31 - 1), badMessage("MPUB message too big 2147483647 > 100")],
  ["half a message", `${int32(1) + int32(5)}abc`, badMessage("MPUB failed to read message body")],
  ["no message behind its size", int32(1) + int32(5), badMessage("MPUB failed to read message body")],
  [
    "two wrong messages: the first counts",
    int32(2) + int32(0) + int32(101),
    badMessage("MPUB invalid message(0) body size 0"),
  ],
];

describe("MpubCheck", () => {
  it.each(BODIES)("[MPUB1] %s: checked whole", (_, body, problem) => {
    expect(check(body)).toEqual(problem);
  });

  it.each(BODIES)("[MPUB1] %s: the same is found byte by byte and cut at every point", (_, body, problem) => {
    expect(check(body, upTo(body.length))).toEqual(problem);
    for (const end of upTo(body.length)) expect(check(body, [end, body.length]), `cut at ${end}`).toEqual(problem);
  });

  it.each<[string, string]>([
    ["a count", int32(0)],
    ["an empty message", int32(2) + int32(0)],
    ["a message too long", int32(2) + sized("a") + int32(101)],
  ])("[MPUB1] what is wrong with %s is known as soon as it is there", (_, body) => {
    const mpub = new MpubCheck(LIMITS);
    const bytes = bytesOf(body);
    for (let end = 0; end < body.length; end++) expect(mpub.check(bytes, 0, end, false)).toBeNull();
    expect(mpub.check(bytes, 0, body.length, false)).toEqual(check(body));
  });

  it("[MPUB1] a body that is not whole is no problem as far as it is right", () => {
    const body = bytesOf(mpubBody(["a", "bcd"]));
    const mpub = new MpubCheck(LIMITS);
    for (let end = 0; end <= body.length; end++) expect(mpub.check(body, 0, end, false)).toBeNull();
  });

  it("[MPUB1] how many messages there are and where they end is known after the check", () => {
    const mpub = new MpubCheck(LIMITS);
    const body = bytesOf(`xx${mpubBody(["a", "bcd"])}more`);
    expect(mpub.check(body, 2, body.length, true)).toBeNull();
    expect([mpub.count, mpub.end]).toEqual([2, 16]);
  });

  it("[MPUB1] as many messages as a body can hold are allowed", () => {
    expect(check(mpubBody(Array.from({ length: MAX_COUNT }, () => "m")))).toBeNull();
  });

  it("[MPUB1] the same is found in random bodies, whole and in random pieces", () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const random = new Random(seed);
      const sizes = Array.from({ length: 1 + random.int(6) }, () => random.pick([-1, 0, 1, 2, 3, 99, 100, 101]));
      const entries = sizes.map((size) => int32(size) + "m".repeat(Math.max(0, Math.min(size, 100))));
      const whole = int32(random.pick([sizes.length, sizes.length + 1, 0])) + entries.join("");
      const body = whole.slice(0, random.pick([whole.length, random.int(whole.length)]));
      const ends = [...Array.from({ length: 5 }, () => random.int(body.length + 1)).sort((a, b) => a - b), body.length];
      expect(check(body, ends), `seed ${seed}`).toEqual(check(body));
    }
  });
});

describe("mpubMessages", () => {
  it("[MPUB1] every message is found in order, at any place of the buffer", () => {
    const messages = ["a", "\0\0\0\x01", "last"];
    const buffer = bytesOf(`before${mpubBody(messages)}behind`);
    expect([...mpubMessages(buffer, 6)].map(({ from, to }) => textOf(buffer, from, to))).toEqual(messages);
  });
});
