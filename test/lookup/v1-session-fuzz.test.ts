import { describe, expect, it } from "vitest";
import { bytesOf, command, identify, int32, textOf } from "../helpers/commands.ts";
import { randomPieces } from "../helpers/cuts.ts";
import { Random } from "../helpers/random.ts";
import { PEER, SELF, V1_MAGIC, V1Client } from "../helpers/v1-session.ts";

/** So many streams in each of so many tests: 10,000 in all. */
const STREAMS = 500;
const ROUNDS = Array.from({ length: 20 }, (_, round) => 1 + round * STREAMS);
/** The longest IDENTIFY: its line, its size and its body. */
const LARGEST_COMMAND = 9 + 4 + 4_096;

const NAMES = ["PING", "REGISTER", "UNREGISTER", "IDENTIFY", "NOP", "ping", ""];
const TOPICS = ["t", "u", "e#ephemeral", "__proto__", "t$", "*", "", "x".repeat(64), "x".repeat(65), "\xff"];
const SIZES = [-1, 0, 1, 2, 120, 4_095, 4_096, 4_097, 2 ** 31 - 1, -(2 ** 31), 0x0a0a0a0a];
const SPACES = ["", "", "", "\r", " ", "\t\r", "\v\f"];

/** How replies begin. */
const TEXTS = [
  "OK",
  SELF,
  "E_BAD_PROTOCOL",
  "E_INVALID invalid command ",
  "E_INVALID client must IDENTIFY",
  "E_INVALID cannot IDENTIFY again",
  "E_INVALID REGISTER insufficient",
  "E_BAD_TOPIC REGISTER topic",
  "E_BAD_TOPIC UNREGISTER topic",
  "E_BAD_CHANNEL REGISTER channel",
  "E_BAD_CHANNEL UNREGISTER channel",
  "E_BAD_BODY IDENTIFY missing fields",
  "E_BAD_BODY IDENTIFY failed to decode JSON body",
  "E_BAD_BODY IDENTIFY failed to read body size",
];

function aPeer(random: Random): object {
  return random.chance(90) ? PEER : { ...PEER, [random.pick(Object.keys(PEER))]: random.pick(["", 0, null, "x", 1]) };
}

/** A command as a producer might send it, mostly one that is fine. */
function aCommand(random: Random): string {
  const name = random.chance(90) ? random.pick(["PING", "REGISTER", "UNREGISTER"]) : random.pick(NAMES);
  if (name === "IDENTIFY") {
    return random.chance(70) ? identify(aPeer(random)) : command(name, textOf(random.bytes(random.int(30))));
  }
  const params = Array.from({ length: random.int(4) }, () => (random.chance(70) ? "t" : random.pick(TOPICS)));
  if (name.endsWith("REGISTER") && random.chance(60)) params.unshift("t");
  return `${random.pick(SPACES)}${[name, ...params].join(" ")}${random.pick(SPACES)}\n`;
}

/** A connection, damaged in one of many ways, or bytes without any sense. */
function aStream(random: Random): Uint8Array {
  const commands = Array.from({ length: random.int(12) }, () => aCommand(random));
  if (random.chance(80)) commands.splice(random.int(3), 0, identify(aPeer(random)));
  let text = commands.join("");
  const at = random.int(text.length + 1);
  const length = random.int(60);
  switch (random.int(9)) {
    case 0: // cut off
      text = text.slice(0, at);
      break;
    case 1: // a piece is missing
      text = text.slice(0, at) + text.slice(at + length);
      break;
    case 2: // a piece comes twice
      text = text.slice(0, at + length) + text.slice(at);
      break;
    case 3: // another size
      text = text.replace(/IDENTIFY\n.{4}/s, () => `IDENTIFY\n${int32(random.pick(SIZES))}`);
      break;
    case 4: // bytes that do not belong there
      text = text.slice(0, at) + textOf(random.bytes(length)) + text.slice(at);
      break;
    case 5: // no sense at all, with some line ends
      text = textOf(random.bytes(random.int(600)).map((value) => (random.chance(5) ? 10 : value)));
      break;
    case 6: // a long line, or a long body
      text = text.slice(0, at) + "x".repeat(random.pick([900, 1_023, 1_024, 1_025, 6_000])) + text.slice(at);
      break;
    default:
  }
  const stream = bytesOf((random.chance(95) ? V1_MAGIC : "") + text);
  for (let flips = random.pick([0, 0, 0, 1, 3]); flips > 0 && stream.length > 0; flips--) {
    stream[random.int(stream.length)] = random.int(256);
  }
  return stream;
}

/** Sends a stream and ends it; the session may sleep after each piece. */
function run(pieces: readonly Uint8Array[], sleeps: boolean): { replies: string[]; calls: string[] } {
  const client = new V1Client();
  const replies: string[] = [];
  for (const piece of pieces) {
    replies.push(...client.sendBytes(piece));
    if (client.session.isDone) break;
    must(client.session.state.partial.length < LARGEST_COMMAND, "too much is kept");
    if (sleeps) client.sleep();
  }
  replies.push(...client.end());
  must(client.session.isDone, "a session goes on after its end");
  return { replies, calls: client.calls };
}

/** As `expect`, for what is checked very often. */
function must(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}

function isError(reply: string): boolean {
  return reply.startsWith("E_");
}

/** Runs a check for `STREAMS` seeds; whatever goes wrong is told with the seed. */
function forSeeds(first: number, check: (random: Random) => void): void {
  for (let seed = first; seed < first + STREAMS; seed++) {
    try {
      check(new Random(seed));
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
}

describe("V1Session: fuzz", () => {
  it.each(ROUNDS)(
    "[LKP3] any bytes are answered alike in any pieces, within bounded memory, and an error is the last reply: seed %i",
    (seed) => {
      forSeeds(seed, (random) => {
        const stream = aStream(random);
        const whole = run([stream], false);
        const error = whole.replies.findIndex(isError);
        must(error < 0 || error === whole.replies.length - 1, "a session goes on after an error");
        expect(run(randomPieces(stream, random.seed), false)).toEqual(whole);
      });
    },
  );

  it.each(ROUNDS.slice(0, 4))("[LKP1] a session that sleeps now and then answers the same: seed %i", (seed) => {
    forSeeds(seed, (random) => {
      const stream = aStream(random);
      expect(run(randomPieces(stream, random.seed), true)).toEqual(run([stream], false));
    });
  });

  it("[LKP3] the streams reach all that a session can say", () => {
    const said = new Set<string>();
    for (let seed = 1; seed <= 4 * STREAMS; seed++) {
      for (const reply of run([aStream(new Random(seed))], false).replies) said.add(reply);
    }
    expect(TEXTS.filter((text) => ![...said].some((reply) => reply.startsWith(text)))).toEqual([]);
  });
});
