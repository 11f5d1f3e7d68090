import { describe, expect, it } from "vitest";
import { Access } from "../../src/session/access.ts";
import { ClientState } from "../../src/session/client-state.ts";
import { clientStats } from "../../src/session/client-stats.ts";
import { Session } from "../../src/session/session.ts";
import { bytesOf, command, identify, int32, MAGIC, mpub, sized, textOf } from "../helpers/commands.ts";
import { Random } from "../helpers/random.ts";
import {
  type Client,
  CONNECTION,
  connect,
  connectConsumer,
  errorOf,
  FakeHost,
  fill,
  idOf,
  messageOf,
  sessionLimits,
  wake,
} from "../helpers/session.ts";

/** A whole connection: what it says, and the replies to it. */
const STREAM = [
  MAGIC,
  identify({ client_id: "x", msg_timeout: 2000 }),
  command("PUB t", "NOP\n"),
  mpub("u", ["a", "bc"]),
  "NOP\r\n",
  "SUB t ch\n",
  "RDY 5\n",
  command("DPUB t 10", "x"),
  "FIN 0123456789abcdef\n",
  "CLS\n",
  command("PUB t", "y"),
  "RDY abc\n",
].join("");
const FAILED = errorOf("E_FIN_FAILED FIN 0123456789abcdef failed ID not in flight");
const REPLIES = ["OK", "OK", "OK", "OK", "OK", FAILED, "CLOSE_WAIT", "OK"];

/** Sends a stream that is cut at some points; the session sleeps at each of them. */
function sendWithSleeps(stream: string, sleeps: readonly number[], first: Client = connect({ hasMagic: false })) {
  const bytes = bytesOf(stream);
  const replies: string[] = [];
  let client = first;
  let from = 0;
  for (const at of [...sleeps, bytes.length]) {
    if (from > 0) client = wake(client);
    replies.push(...client.sendBytes(bytes.subarray(from, at)));
    from = at;
  }
  return { client, replies };
}

describe("Session: snapshot and restore", () => {
  const awake = sendWithSleeps(STREAM, []);

  it("[SES7] a session goes on where it was kept, at every byte of its stream", () => {
    expect(awake.replies).toEqual(REPLIES);
    for (let at = 1; at < STREAM.length; at++) {
      const { client, replies } = sendWithSleeps(STREAM, [at]);
      expect(replies, `slept at ${at}`).toEqual(REPLIES);
      expect(client.host.published, `slept at ${at}`).toEqual(awake.client.host.published);
      expect(clientStats(client.session), `slept at ${at}`).toEqual(clientStats(awake.client.session));
    }
  });

  it("[SES7] a session may sleep after every single byte", () => {
    const { client, replies } = sendWithSleeps(
      STREAM,
      Array.from({ length: STREAM.length - 1 }, (_, at) => at + 1),
    );
    expect(replies).toEqual(REPLIES);
    expect(client.host.published).toEqual(awake.client.host.published);
    expect(clientStats(client.session)).toEqual(clientStats(awake.client.session));
  });

  it("[SES7] a session may sleep at random bytes", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const sleeps = new Set(Array.from({ length: random.int(10) }, () => 1 + random.int(STREAM.length - 1)));
      const { replies } = sendWithSleeps(
        STREAM,
        [...sleeps].sort((a, b) => a - b),
      );
      expect(replies, `seed ${seed}`).toEqual(REPLIES);
    }
  });

  it.each<[string, string]>([
    ["BAD\n", "E_INVALID invalid command BAD"],
    ["PUB t$\n", 'E_BAD_TOPIC PUB topic name "t$" is not valid'],
    [`PUB t\n${int32(1001)}`, "E_BAD_MESSAGE PUB message too big 1001 > 1000"],
    [`MPUB t\n${int32(50)}${int32(2)}${sized("a")}${int32(0)}`, "E_BAD_MESSAGE MPUB invalid message(1) body size 0"],
    [`IDENTIFY\n${sized("[]")}`, "E_BAD_BODY IDENTIFY failed to decode JSON body"],
    ["SUB t\n", "E_INVALID SUB insufficient number of parameters"],
  ])("[SES7] the error of %j is the same after a sleep at any byte", (stream, text) => {
    for (let at = 1; at < stream.length; at++) {
      const { client, replies } = sendWithSleeps(MAGIC + stream, [MAGIC.length + at]);
      expect([at, replies, client.session.isDone]).toEqual([at, [errorOf(text)], true]);
    }
  });

  it.each<[string, string[]]>([
    [`PUB t\n${int32(5)}abc`, ["E_BAD_MESSAGE PUB failed to read message body"]],
    ["PUB t\n\0\0", ["E_BAD_MESSAGE PUB failed to read message body size"]],
    [`MPUB t\n${int32(50)}${int32(2)}${sized("a")}\0`, ["E_BAD_MESSAGE MPUB failed to read message(1) body size"]],
    [`IDENTIFY\n${int32(5)}{`, ["E_BAD_BODY IDENTIFY failed to read body"]],
    ["FIN 0123", []],
  ])("[SES7] the end of input after %j and a sleep is answered %j", (stream, texts) => {
    const { client, replies } = sendWithSleeps(MAGIC + stream, [3, MAGIC.length + stream.length - 1]);
    expect(replies).toEqual([]);
    expect(wake(client).end()).toEqual(texts.map(errorOf));
    const woken = wake(client);
    expect([woken.end(), woken.session.isDone]).toEqual([texts.map(errorOf), true]);
  });

  it("[SES7] what was negotiated and counted is kept, whatever the topics are called", () => {
    const client = connect();
    client.send(identify({ client_id: "id", heartbeat_interval: 2000, sample_rate: 3 }));
    client.send(command("PUB __proto__", "x") + command("PUB constructor", "x") + mpub("1", ["x", "y"]));
    const { settings, pubCounts } = client.session;
    const woken = wake(client).session;
    expect(woken.settings).toEqual(settings);
    expect(new Map(woken.pubCounts)).toEqual(new Map(pubCounts));
    expect(woken.pubCounts.get("__proto__")).toBe(1);
  });

  it("[SES7] counts go on from where they were", () => {
    const woken = wake(sendWithSleeps(MAGIC + command("PUB t", "x"), []).client);
    woken.send(command("PUB t", "x"));
    expect([...woken.session.pubCounts]).toEqual([["t", 2]]);
  });

  it("[SES7] the counts of 64 topics are kept, and a further topic counts for none of them", () => {
    const client = connect();
    const topics = Array.from({ length: 65 }, (_, index) => `t${index}`);
    for (const topic of topics) expect(client.send(command(`PUB ${topic}`, "x"))).toEqual(["OK"]);
    client.send(command("PUB t0", "x"));
    const counts = topics.slice(0, 64).map((topic) => [topic, topic === "t0" ? 2 : 1]);
    expect([...wake(client).session.pubCounts]).toEqual(counts);
  });

  it("[SES7] a piece of a command of up to 4,096 bytes is kept", () => {
    const line = "MPUB t\n";
    const body = `${int32(5)}${sized("m".repeat(900)).repeat(5)}`;
    const stream = line + sized(body);
    const { client, replies } = sendWithSleeps(MAGIC + stream, [MAGIC.length + 4096]);
    expect(replies).toEqual(["OK"]);
    expect(client.host.published[0]?.raw).toBe(stream);
  });

  it("[SES7] a longer one is not kept: then the session cannot go on, and says so", () => {
    const client = connect();
    client.send(`MPUB t\n${int32(5000)}${int32(900)}`);
    expect(client.session.hasLongPartial).toBe(false);
    for (let i = 0; i < 500; i++) client.send(sized("mmmm"));
    client.send(sized("m".repeat(100)));
    expect([client.session.hasLongPartial, client.session.snapshot.partial]).toEqual([true, null]);
    const { snapshot, settings } = client.session;
    const woken = new Session(CONNECTION, settings, sessionLimits(), new FakeHost(), Access.open(), true);
    expect(woken.restore(snapshot)).toBe(false);
  });

  it("[SES7] a snapshot does not change with what comes after it", () => {
    const client = connect();
    client.send("PUB t\n\0\0");
    const { snapshot } = client.session;
    client.send(`\0\x03abc${command("PUB u", "x")}NO`);
    expect(textOf(snapshot.partial ?? new Uint8Array(0))).toBe("PUB t\n\0\0");
    expect([snapshot.pubCounts, snapshot.hasMagic, snapshot.state]).toEqual([{}, true, ClientState.init]);
  });

  it("[SES7] a consumer goes on as one, with its messages in flight", () => {
    const client = connectConsumer();
    fill(client.host.channel, 0, ["a", "b", "c"]);
    client.send("RDY 2\n");
    expect(client.deliver()).toHaveLength(2);
    const woken = wake(client);
    expect([woken.session.state, woken.session.isConsumer]).toEqual([ClientState.subscribed, true]);
    expect(woken.send(`FIN ${idOf(0)}\nFIN ${idOf(0)}\n`)).toEqual([
      errorOf(`E_FIN_FAILED FIN ${idOf(0)} failed ID not in flight`),
    ]);
    expect(woken.deliver()).toEqual([messageOf(2, "c")]);
    expect(woken.send("SUB t ch\n")).toEqual([errorOf("E_INVALID cannot SUB in current state")]);
  });

  it("[SES7] a closing consumer stays one", () => {
    const client = connectConsumer();
    client.send("RDY 1\nCLS\n");
    const woken = wake(client);
    expect(woken.send("RDY 5\nRDY abc\n")).toEqual([]);
    expect(woken.send("CLS\n")).toEqual([errorOf("E_INVALID cannot CLS in current state")]);
  });
});
