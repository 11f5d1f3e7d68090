import { describe, expect, it } from "vitest";
import { CommandDecoder } from "../../src/protocol/command-decoder.ts";
import { bytesOf, command, identify, int32, MAGIC, mpub, mpubBody, textOf } from "../helpers/commands.ts";
import { randomPieces } from "../helpers/cuts.ts";
import { Random } from "../helpers/random.ts";
import {
  type Client,
  connect,
  connectConsumer,
  FakeHost,
  fill,
  idOf,
  isFatalReply,
  sessionLimits,
  wake,
} from "../helpers/session.ts";

/** So many streams in each of so many tests: none of them takes long, however slow the machine is. */
const STREAMS = 500;
const ROUNDS = Array.from({ length: 20 }, (_, round) => 1 + round * STREAMS);
const LIMITS = sessionLimits();
/** The longest line with its end, a size, and the longest body: no command is larger. */
const LARGEST_COMMAND = 16_384 + 4 + LIMITS.maxBodySize;

const TOPICS = ["t", "topic.1", "e#ephemeral", "t$", "", "x".repeat(64), "x".repeat(65), "\xff", "__proto__"];
const NUMBERS = ["0", "1", "5", "2500", "2501", "", "-1", "abc", "3600000", "3600001", "18446744073709551617"];
const SIZES = [-1, 0, 1, 2, 5, 100, 999, 1000, 1001, 4999, 5000, 5001, 2 ** 31 - 1, -(2 ** 31), 0x50554220];
const NAMES = [
  "IDENTIFY",
  "AUTH",
  "SUB",
  "RDY",
  "FIN",
  "REQ",
  "TOUCH",
  "CLS",
  "NOP",
  "PUB",
  "MPUB",
  "DPUB",
  "PING",
  "",
];
const REQUESTS = [
  {},
  { msg_timeout: 2000 },
  { feature_negotiation: true },
  { sample_rate: 100 },
  { heartbeat_interval: -1 },
];

function message(random: Random): string {
  const length = random.chance(97) ? random.pick([1, 2, 10, 50, 300]) : random.pick([0, 999, 1000, 1001]);
  return random.chance(50) ? "m".repeat(length) : textOf(random.bytes(Math.min(length, 60)));
}

function messages(random: Random): string[] {
  return Array.from({ length: random.chance(95) ? 1 + random.int(8) : 0 }, () => message(random));
}

const OF_ALL = ["PUB", "PUB", "DPUB", "MPUB", "NOP"];
const OF_PRODUCERS = [...OF_ALL, "IDENTIFY"];
const OF_CONSUMERS = [...OF_ALL, "RDY", "FIN", "REQ", "TOUCH", "FIN"];

/** A command as a client might send it, mostly one that is fine. */
function aCommand(random: Random, usual: readonly string[]): string {
  const name = random.chance(90) ? random.pick(usual) : random.pick(NAMES);
  const topic = random.chance(95) ? "t" : random.pick(TOPICS);
  const id = random.chance(80) ? idOf(random.int(5)) : textOf(random.bytes(random.pick([15, 16, 16, 16, 17])));
  const number = random.chance(90) ? "5" : random.pick(NUMBERS);
  if (random.chance(4)) return `${name} ${topic}\n${int32(random.pick(SIZES))}${mpubBody(messages(random))}`;
  switch (name) {
    case "IDENTIFY":
      return random.chance(90) ? identify(random.pick(REQUESTS)) : command(name, textOf(random.bytes(random.int(30))));
    case "AUTH":
      return command(name, "secret");
    case "SUB":
      return `SUB ${topic} ${random.chance(80) ? "ch" : random.pick(TOPICS)}\n`;
    case "FIN":
    case "TOUCH":
      return `${name} ${id}\n`;
    case "REQ":
      return `REQ ${id} ${number}\r\n`;
    case "NOP":
      return "NOP\n".repeat(random.int(20));
    case "PUB":
      return command(`PUB ${topic}`, message(random));
    case "DPUB":
      return command(`DPUB ${topic} ${number}`, message(random));
    case "MPUB":
      return mpub(topic, messages(random));
    default:
      return `${name} ${number}\n`;
  }
}

/** Commands, damaged in one of many ways, or bytes without any sense. */
function aStream(random: Random): Uint8Array {
  const isConsumer = random.chance(50);
  const usual = isConsumer ? OF_CONSUMERS : OF_PRODUCERS;
  const commands = Array.from({ length: 1 + random.int(12) }, () => aCommand(random, usual));
  if (isConsumer) commands.unshift("SUB t ch\n", "RDY 3\n");
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
      text = text.slice(0, at) + int32(random.pick(SIZES)) + text.slice(at + 4);
      break;
    case 4: // bytes that do not belong there
      text = text.slice(0, at) + textOf(random.bytes(length)) + text.slice(at);
      break;
    case 5: // commands in another order
      text = commands.sort(() => random.int(3) - 1).join("");
      break;
    case 6: // no sense at all, with some line ends
      text = textOf(random.bytes(random.int(600)).map((value) => (random.chance(5) ? 10 : value)));
      break;
    case 7: // a long line
      text = text.slice(0, at) + "x".repeat(random.pick([16_000, 16_383, 16_384, 20_000])) + text.slice(at);
      break;
    default:
  }
  const stream = bytesOf(text);
  for (let flips = random.pick([0, 0, 0, 1, 3]); flips > 0 && stream.length > 0; flips--) {
    stream[random.int(stream.length)] = random.int(256);
  }
  return stream;
}

/** Sends a stream, answers what it publishes piece by piece, and ends it. */
function run(
  client: Client,
  pieces: readonly Uint8Array[],
  answers: (random: Random) => boolean,
  random: Random,
): string[] {
  const replies: string[] = [];
  let longest = 0;
  const answer = () => {
    client.host.settle();
    replies.push(...client.replies());
  };
  for (const piece of pieces) {
    longest = Math.max(longest, piece.length);
    // Input piles up only behind a command that waits for an answer.
    const piled = client.session.unread + (client.session.isBlocked ? piece.length : 0);
    replies.push(...client.sendBytes(piece));
    if (answers(random)) answer();
    must(client.session.unread <= piled, "input piles up");
    must((client.session.snapshot.partial?.length ?? 0) <= LARGEST_COMMAND + longest, "the decoder keeps too much");
  }
  replies.push(...client.end());
  while (client.host.owed.length > 0) answer();
  return replies;
}

/** Replies are whole frames, at most one of them an error that closes the connection: the last. */
function checkReplies(replies: readonly string[]): void {
  const fatal = replies.findIndex(isFatalReply);
  if (fatal >= 0) expect(replies.slice(fatal + 1)).toEqual([]);
}

/** As `expect`, for what is checked millions of times. */
function must(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
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

describe("Session: fuzz", () => {
  it.each(ROUNDS)(
    "[LINE6] any bytes end in an error or a close, and are answered alike in any pieces: seed %i",
    (seed) => {
      forSeeds(seed, (random) => {
        const stream = aStream(random);
        const hasMagic = random.chance(90);
        const whole = connect({ hasMagic });
        const replies = run(whole, [stream], () => true, random);
        checkReplies(replies);
        expect(whole.session.isDone).toBe(true);
        const pieces = connect({ hasMagic });
        pieces.host.holdsPublishes = true;
        expect(run(pieces, randomPieces(stream, random.seed), (drawn) => drawn.chance(50), random)).toEqual(replies);
        expect(pieces.host.published).toEqual(whole.host.published);
        expect(pieces.host.subscriptions).toEqual(whole.host.subscriptions);
        expect(pieces.session.isDone).toBe(true);
      });
    },
  );

  it.each(ROUNDS.slice(0, 5))("[LINE5] the decoder keeps no more than one command: seed %i", (seed) => {
    forSeeds(seed, (random) => {
      const decoder = new CommandDecoder(LIMITS);
      const stream = aStream(random);
      const step = 1 + random.int(200);
      for (let at = 0; at < stream.length; at += step) {
        decoder.push(stream.subarray(at, at + step));
        let decoded = decoder.next();
        while (decoded === "line" || decoded === "body") decoded = decoder.next();
        must(decoder.pending.length <= LARGEST_COMMAND, `${decoder.pending.length} bytes are pending`);
        must(decoder.buffer.length <= 2 * (LARGEST_COMMAND + step), `the buffer has ${decoder.buffer.length} bytes`);
        if (decoded !== "incomplete") break;
      }
    });
  });

  it.each(ROUNDS.slice(0, 5))("[LINE5] a session keeps no more than one command: seed %i", (seed) => {
    forSeeds(seed, (random) => {
      const client = connect();
      const stream = aStream(random);
      client.sendBytes(stream.subarray(0, random.int(stream.length + 1)));
      if (client.session.isDone) return;
      expect(client.session.takeRest().length).toBeLessThanOrEqual(LARGEST_COMMAND);
    });
  });

  it.each(ROUNDS.slice(0, 3))(
    "[LINE6] whatever a consumer says of its messages, no count goes wrong: seed %i",
    (seed) => {
      forSeeds(seed, (random) => {
        const host = new FakeHost();
        const client = connectConsumer({ host });
        fill(host.channel, 0, ["a", "b", "c", "d", "e"]);
        for (const piece of randomPieces(aStream(random), random.seed)) {
          checkReplies(client.sendBytes(piece));
          client.now += random.pick([0, 1, 1000, 61_000]);
          const { consumer } = client.session;
          const before = consumer.inFlight;
          const delivered = client.deliver().length;
          expect(consumer.inFlight).toBeLessThanOrEqual(Math.max(before, consumer.rdy));
          expect(consumer.inFlight).toBeGreaterThanOrEqual(delivered);
          const { inFlight, depth, deferred } = host.channel.counts(5, client.now);
          expect(inFlight).toBe(consumer.inFlight);
          expect(inFlight + depth + deferred + consumer.finishCount).toBe(5);
        }
      });
    },
  );

  it.each(ROUNDS.slice(0, 3))("[SES7] a session that sleeps now and then answers the same: seed %i", (seed) => {
    forSeeds(seed, (random) => {
      const stream = bytesOf(MAGIC + textOf(aStream(random)));
      const awake = connect({ hasMagic: false });
      const replies = run(awake, [stream], () => true, random);
      let client = connect({ hasMagic: false });
      const found: string[] = [];
      for (const piece of randomPieces(stream, random.seed)) {
        found.push(...client.sendBytes(piece));
        if (!client.session.isDone && !client.session.hasLongPartial) client = wake(client);
      }
      expect([...found, ...client.end()]).toEqual(replies);
    });
  });
});
