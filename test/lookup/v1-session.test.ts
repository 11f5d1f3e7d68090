import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/protocol/bytes.ts";
import { bytesOf, command, identify, int32, sized, textOf, toHex } from "../helpers/commands.ts";
import { type Cut, everyCut, randomCuts } from "../helpers/cuts.ts";
import { T0 } from "../helpers/records.ts";
import { connectProducer, connectV1, PEER, REMOTE_ADDRESS, SELF, V1_MAGIC, V1Client } from "../helpers/v1-session.ts";

const MAX_LINE = 1_024;
const MAX_BODY = 4_096;
const READ_BODY = "E_BAD_BODY IDENTIFY failed to read body";
const READ_SIZE = "E_BAD_BODY IDENTIFY failed to read body size";
const DECODE_BODY = "E_BAD_BODY IDENTIFY failed to decode JSON body";
const MISSING_FIELDS = "E_BAD_BODY IDENTIFY missing fields";

/** A whole connection: what it says, the replies, and what its host is told. */
const STREAM = [
  V1_MAGIC,
  "PING\n",
  identify(PEER),
  "REGISTER t\n",
  "REGISTER t ch\r\n",
  " \tPING \n",
  "UNREGISTER t ch#ephemeral\n",
  "UNREGISTER t\n",
  "BAD x\n",
  "REGISTER late\n",
].join("");
const REPLIES = ["OK", SELF, "OK", "OK", "OK", "OK", "OK", "E_INVALID invalid command BAD"];
const CALLS = ["IDENTIFY", "REGISTER t", "REGISTER t ch", "UNREGISTER t ch#ephemeral", "UNREGISTER t"];

/** Connections that end in an error, and its text. */
const ERRORS: [string, string][] = [
  ["  V2", "E_BAD_PROTOCOL"],
  [`${V1_MAGIC}FOO\n`, "E_INVALID invalid command FOO"],
  [`${V1_MAGIC}IDENTIFY\n${sized("{")}`, DECODE_BODY],
  [`${V1_MAGIC}${identify({ ...PEER, version: "" })}`, MISSING_FIELDS],
  [`${V1_MAGIC}IDENTIFY\n${int32(-1)}`, READ_BODY],
  [`${V1_MAGIC}IDENTIFY\n${int32(MAX_BODY + 1)}`, READ_BODY],
  [`${V1_MAGIC}REGISTER t\n`, "E_INVALID client must IDENTIFY"],
];

function padded(peer: object, length: number): string {
  return JSON.stringify(peer).padEnd(length);
}

/** Sends pieces, and may sleep after each. */
function converse({ pieces }: Pick<Cut, "pieces">, sleeps = false): { client: V1Client; replies: string[] } {
  const client = new V1Client();
  const replies: string[] = [];
  for (const piece of pieces) {
    replies.push(...client.sendBytes(piece));
    if (sleeps && !client.session.isDone) client.sleep();
  }
  return { client, replies };
}

describe("V1Session: commands", () => {
  it("[LKP1] a reply is a size and data, without a type", () => {
    const { session } = connectV1();
    session.receive(bytesOf("PING\nFOO\n"), T0);
    const text = "E_INVALID invalid command FOO";
    expect(session.takeOutput().map(toHex)).toEqual(
      [`${int32(2)}OK`, int32(29) + text].map((frame) => toHex(bytesOf(frame))),
    );
    expect(session.takeOutput()).toEqual([]);
  });

  it("[LKP1] commands may arrive in any pieces", () => {
    for (const cut of everyCut(bytesOf(STREAM))) {
      const { client, replies } = converse(cut);
      expect([replies, client.calls, client.session.isDone], cut.name).toEqual([REPLIES, CALLS, true]);
    }
  });

  it.each(ERRORS)("[LKP1] %j ends in the same error in any pieces", (stream, text) => {
    for (const cut of everyCut(bytesOf(`${stream}PING\nREGISTER x\n`))) {
      const { client, replies } = converse(cut);
      expect([replies, client.calls, client.session.isDone], cut.name).toEqual([[text], [], true]);
      expect([client.send("PING\n"), client.end()], cut.name).toEqual([[], []]);
    }
  });

  it.each(["  V2", " V1 ", "PING", "  v1", "\0\0\0\0", "GET /", "\n\n\n\n", "  V\xb1"])(
    "[LKP1] %j is no magic",
    (magic) => {
      const client = new V1Client();
      expect([client.send(magic), client.session.isDone]).toEqual([["E_BAD_PROTOCOL"], true]);
    },
  );

  it.each<[string, string, string]>([
    ["PING", "OK", "OK"],
    ["PING x  y", "OK", "OK"],
    ["REGISTER t", "E_INVALID client must IDENTIFY", "OK"],
    ["REGISTER t ch", "E_INVALID client must IDENTIFY", "OK"],
    ["REGISTER t ch more", "E_INVALID client must IDENTIFY", "OK"],
    ["REGISTER t  more", "E_INVALID client must IDENTIFY", "OK"],
    ["REGISTER __proto__ constructor", "E_INVALID client must IDENTIFY", "OK"],
    ["REGISTER", "E_INVALID client must IDENTIFY", "E_INVALID REGISTER insufficient number of params"],
    ["REGISTER ", "E_INVALID client must IDENTIFY", "E_INVALID REGISTER insufficient number of params"],
    ["REGISTER  t", "E_INVALID client must IDENTIFY", "E_BAD_TOPIC REGISTER topic name '' is not valid"],
    ["REGISTER t$ c$", "E_INVALID client must IDENTIFY", "E_BAD_TOPIC REGISTER topic name 't$' is not valid"],
    ["REGISTER *", "E_INVALID client must IDENTIFY", "E_BAD_TOPIC REGISTER topic name '*' is not valid"],
    ["REGISTER t c$", "E_INVALID client must IDENTIFY", "E_BAD_CHANNEL REGISTER channel name 'c$' is not valid"],
    ["REGISTER t\rc", "E_INVALID client must IDENTIFY", "E_BAD_TOPIC REGISTER topic name 't\rc' is not valid"],
    ["REGISTER 't\xff'", "E_INVALID client must IDENTIFY", "E_BAD_TOPIC REGISTER topic name ''t\xff'' is not valid"],
    ["UNREGISTER t", "E_INVALID client must IDENTIFY", "OK"],
    ["UNREGISTER t ch", "E_INVALID client must IDENTIFY", "OK"],
    ["UNREGISTER", "E_INVALID client must IDENTIFY", "E_INVALID UNREGISTER insufficient number of params"],
    ["UNREGISTER t$", "E_INVALID client must IDENTIFY", "E_BAD_TOPIC UNREGISTER topic name 't$' is not valid"],
    ["UNREGISTER t *", "E_INVALID client must IDENTIFY", "E_BAD_CHANNEL UNREGISTER channel name '*' is not valid"],
    ["", "E_INVALID invalid command ", "E_INVALID invalid command "],
    ["ping", "E_INVALID invalid command ping", "E_INVALID invalid command ping"],
    ["NOP x", "E_INVALID invalid command NOP", "E_INVALID invalid command NOP"],
    ["REGISTER\tt", "E_INVALID invalid command REGISTER\tt", "E_INVALID invalid command REGISTER\tt"],
    ["\xff\x80\0 x", "E_INVALID invalid command \xff\x80\0", "E_INVALID invalid command \xff\x80\0"],
    ["__proto__", "E_INVALID invalid command __proto__", "E_INVALID invalid command __proto__"],
  ])("[LKP2] %j is answered %j before IDENTIFY, and %j after it", (line, before, after) => {
    for (const [client, reply] of [[connectV1(), before] as const, [connectProducer(), after] as const]) {
      expect([client.send(`${line}\n`), client.session.isDone]).toEqual([[reply], reply !== "OK"]);
      const isTold = reply === "OK" && !line.startsWith("PING");
      expect(client.calls.filter((call) => call !== "IDENTIFY")).toHaveLength(isTold ? 1 : 0);
    }
  });

  it.each([64, 65])("[LKP2] names of up to 64 letters are taken: %i", (length) => {
    const name = "x".repeat(length);
    const isFine = length <= 64;
    const topic = isFine ? "OK" : `E_BAD_TOPIC REGISTER topic name '${name}' is not valid`;
    const channel = isFine ? "OK" : `E_BAD_CHANNEL REGISTER channel name '${name}' is not valid`;
    expect(connectProducer().send(`REGISTER ${name}\n`)).toEqual([topic]);
    expect(connectProducer().send(`REGISTER t ${name}\n`)).toEqual([channel]);
  });

  it("[LKP2] an empty channel is none, and what comes behind the channel counts for nothing", () => {
    const client = connectProducer();
    client.send("REGISTER t  x\nREGISTER t a b\nUNREGISTER t  x\nUNREGISTER t a b\n");
    expect(client.calls.slice(1)).toEqual(["REGISTER t", "REGISTER t a", "UNREGISTER t", "UNREGISTER t a"]);
  });

  it("[LKP2] IDENTIFY is answered with what the host says, in UTF-8", () => {
    const client = new V1Client('{"hostname":"Brücke 橋"}');
    const replies = client.send(V1_MAGIC + identify(PEER));
    expect(replies).toEqual([textOf(utf8('{"hostname":"Brücke 橋"}'))]);
    expect(client.session.info).toEqual({ remote_address: REMOTE_ADDRESS, ...PEER });
  });

  it("[LKP2] IDENTIFY comes once; the second is refused before its body", () => {
    const client = connectProducer();
    expect(client.send("IDENTIFY\n")).toEqual(["E_INVALID cannot IDENTIFY again"]);
    expect([client.calls, client.session.isDone]).toEqual([["IDENTIFY"], true]);
  });

  it("[LKP2] parameters of IDENTIFY count for nothing", () => {
    expect(connectV1().send(command(" IDENTIFY x  y\r", JSON.stringify(PEER)))).toEqual([SELF]);
  });

  it("[LKP2] white space around a line is dropped", () => {
    for (const space of ["", " ", "\t", "\v", "\f", "\r", "\r\r", " \t\v\f\r "]) {
      const replies = connectProducer().send(`${space}PING${space}\n${space}REGISTER t${space}\n`);
      expect(replies, JSON.stringify(space)).toEqual(["OK", "OK"]);
    }
  });

  // A lone 0xa0 or 0x85 is no UTF-8, and so no white space for Go. nsqlookupd 1.3.0 quotes them.
  it.each(["\xa0", "\x85", "\0", "\x1c", "\x7f", "\xff", "\xef\xbb\xbf"])("[LKP2] %j is no white space", (bytes) => {
    expect(connectV1().send(`PING${bytes}\n`)).toEqual([`E_INVALID invalid command PING${bytes}`]);
    expect(connectV1().send(`${bytes}PING\n`)).toEqual([`E_INVALID invalid command ${bytes}PING`]);
  });

  it("[LKP5] only IDENTIFY and PING say that a producer is alive, and PING only when it is known", () => {
    const client = connectV1();
    const updates: number[] = [];
    for (const said of ["PING\n", identify(PEER), "REGISTER t\n", "UNREGISTER t\n", "PIN", "G\n", "FOO\n", "PING\n"]) {
      client.now += 1;
      client.send(said);
      updates.push(client.session.lastUpdate);
    }
    expect(updates).toEqual([0, 2, 2, 2, 2, 6, 6, 6].map((after) => after && T0 + after));
  });
});

describe("V1Session: sizes, lines and ends", () => {
  it.each([
    ["", DECODE_BODY],
    ["{", DECODE_BODY],
    ["[]", DECODE_BODY],
    ["\xff", DECODE_BODY],
    ["{}", MISSING_FIELDS],
    ["null", MISSING_FIELDS],
    [padded(PEER, MAX_BODY), SELF],
    [padded({}, MAX_BODY), MISSING_FIELDS],
  ])("[LKP2] a body of %j is answered %j", (body, reply) => {
    const client = connectV1();
    expect(client.send(command("IDENTIFY", body))).toEqual([reply]);
    expect([client.session.isDone, client.session.info !== null]).toEqual([reply !== SELF, reply === SELF]);
  });

  it.each([-1, -(2 ** 31), MAX_BODY + 1, 0x7b227463, 2 ** 31 - 1])(
    "[LKP3] a size of %i is an error, which does not wait for a body",
    (size) => {
      const client = connectV1();
      expect(client.send(`IDENTIFY\n${int32(size).slice(0, 3)}`)).toEqual([]);
      expect([client.send(int32(size).slice(3)), client.session.isDone]).toEqual([[READ_BODY], true]);
      expect([client.send("x".repeat(100)), client.end()]).toEqual([[], []]);
    },
  );

  it("[LKP3] a line may be as long as the limit", () => {
    const line = "x".repeat(MAX_LINE);
    for (const { pieces, name } of randomCuts(bytesOf(`${V1_MAGIC}${line}\n`))) {
      expect(converse({ pieces }).replies, name).toEqual([`E_INVALID invalid command ${line}`]);
    }
    expect(connectV1().send(`${"PING".padEnd(MAX_LINE)}\nPING\n`)).toEqual(["OK", "OK"]);
  });

  it.each(["x", "PING ", " ", "\r", "\0"])("[LKP3] a longer line of %j ends a connection without a reply", (text) => {
    const line = text.repeat(MAX_LINE + 1).slice(0, MAX_LINE + 1);
    for (const { pieces, name } of randomCuts(bytesOf(`${V1_MAGIC}PING\n${line}\nPING\n`))) {
      const { client, replies } = converse({ pieces });
      expect([replies, client.session.isDone], name).toEqual([["OK"], true]);
    }
    const client = connectV1();
    expect([client.send(line.slice(1)), client.session.isDone]).toEqual([[], false]);
    expect([client.send("x"), client.session.isDone, client.end()]).toEqual([[], true, []]);
  });

  it.each<[string, string[]]>([
    ["", []],
    ["  V", []],
    [V1_MAGIC, []],
    [`${V1_MAGIC}PING\n`, ["OK"]],
    [`${V1_MAGIC}PING\nPING`, ["OK"]],
    [`${V1_MAGIC}IDENTIFY`, []],
    [`${V1_MAGIC}IDENTIFY\n`, [READ_SIZE]],
    [`${V1_MAGIC}IDENTIFY\n\0\0\0`, [READ_SIZE]],
    [`${V1_MAGIC}IDENTIFY\n${int32(2)}`, [READ_BODY]],
    [`${V1_MAGIC}IDENTIFY\n${int32(2)}{`, [READ_BODY]],
    [`${V1_MAGIC}${identify(PEER)}`, [SELF]],
    [`${V1_MAGIC}${identify(PEER)}REGISTER t`, [SELF]],
    [STREAM, REPLIES],
  ])("[LKP1] %j and the end of input are answered %j", (stream, expected) => {
    for (const cut of [{ pieces: [bytesOf(stream)] }, ...everyCut(bytesOf(stream))]) {
      const { client, replies } = converse(cut);
      expect([...replies, ...client.end()]).toEqual(expected);
      expect([client.session.isDone, client.end(), client.send("PING\n")]).toEqual([true, [], []]);
    }
  });
});

describe("V1Session: state and restore", () => {
  it("[LKP1] a session goes on where it was kept, at every byte of its stream and after every one", () => {
    for (const cut of everyCut(bytesOf(STREAM))) {
      const { client, replies } = converse(cut, true);
      expect([replies, client.calls, client.session.isDone], cut.name).toEqual([REPLIES, CALLS, true]);
    }
  });

  it.each(ERRORS)("[LKP1] %j ends in the same error after a sleep at any byte", (stream, text) => {
    for (const cut of everyCut(bytesOf(stream))) {
      const { client, replies } = converse(cut, true);
      expect([replies, client.session.isDone], cut.name).toEqual([[text], true]);
    }
  });

  it.each<[string, string[]]>([
    ["", []],
    ["REGISTER t", []],
    ["IDENTIFY", []],
    ["IDENTIFY\n", [READ_SIZE]],
    ["IDENTIFY\n\0\0\0", [READ_SIZE]],
    [`IDENTIFY x\n${int32(0x0a0a)}`, [READ_BODY]],
    [`IDENTIFY\n${int32(2)}{`, [READ_BODY]],
  ])("[LKP1] the end of input after %j and a sleep is answered %j", (stream, expected) => {
    const client = connectV1();
    expect(client.send(stream)).toEqual([]);
    client.sleep();
    client.sleep();
    expect([client.end(), client.session.isDone, client.end()]).toEqual([expected, true, []]);
  });

  it("[LKP1] who it is and when it was heard of are kept", () => {
    const client = connectProducer();
    client.now += 5;
    client.send("PING\nREGI");
    const { info, lastUpdate } = client.session;
    client.sleep();
    expect([client.session.info, client.session.lastUpdate]).toEqual([info, T0 + 5]);
    expect([lastUpdate, client.send("STER t\n"), client.send("IDENTIFY\n")]).toEqual([
      T0 + 5,
      ["OK"],
      ["E_INVALID cannot IDENTIFY again"],
    ]);
  });

  it("[LKP1] a state does not change with what comes after it, nor with the buffer of what came before", () => {
    const client = connectV1();
    const piece = bytesOf("PING\nIDENTIFY\n\0\0");
    client.sendBytes(piece);
    const { state } = client.session;
    piece.fill(255);
    client.send(identify(PEER).slice("IDENTIFY\n\0\0".length));
    const nothing = { info: null, lastUpdate: 0 };
    expect(state).toEqual({ ...nothing, hasMagic: true, isIdentifying: true, partial: bytesOf("\0\0") });
    const beginning = { ...nothing, hasMagic: false, isIdentifying: false, partial: new Uint8Array(0) };
    expect(new V1Client().session.state).toEqual(beginning);
  });

  it("[LKP3] the largest command under way is short enough to be kept with a socket", () => {
    const client = connectV1();
    client.send(command("IDENTIFY", padded(PEER, MAX_BODY)).slice(0, -1));
    const { partial } = client.session.state;
    expect([partial.length, partial.buffer.byteLength]).toEqual([4 + MAX_BODY - 1, 4 + MAX_BODY - 1]);
    client.sleep();
    expect(client.send(" ")).toEqual([SELF]);
  });
});
