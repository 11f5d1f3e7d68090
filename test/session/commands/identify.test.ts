import { describe, expect, it } from "vitest";
import { OK_FRAME } from "../../../src/protocol/frame.ts";
import { bytesOf, command, identify, int32, textOf } from "../../helpers/commands.ts";
import { everyCut } from "../../helpers/cuts.ts";
import { connect, connectConsumer, errorOf } from "../../helpers/session.ts";

const DEFAULT_REPLY =
  '{"max_rdy_count":2500,"version":"1.3.0","max_msg_timeout":900000,"msg_timeout":60000,"tls_v1":false,"deflate":false,' +
  '"deflate_level":6,"max_deflate_level":6,"snappy":false,"sample_rate":0,"auth_required":false,' +
  '"output_buffer_size":16384,"output_buffer_timeout":250,"topology_region":"","topology_zone":""}';

const COMPRESSED = { snappy: "snappy", deflate: "deflate" } as const;

/** The errors of spec 1.6 and 1.8 that both commands have; limits are 5000 bytes. */
const BODY_ERRORS: [string, string, string][] = [
  ["a size of 0", int32(0), "invalid body size 0"],
  ["a negative size", int32(-1), "invalid body size -1"],
  ["the smallest size", int32(-(2 ** 31)), "invalid body size -2147483648"],
  ["a size over the limit", int32(5001), "body too big 5001 > 5000"],
  ["the largest size", int32(2 ** 31 - 1), "body too big 2147483647 > 5000"],
];
const CUT_ERRORS: [string, string, string][] = [
  ["no size", "", "failed to read body size"],
  ["half a size", "\0\0", "failed to read body size"],
  ["no body", int32(10), "failed to read body"],
  ["half a body", `${int32(10)}{}`, "failed to read body"],
];

describe("IDENTIFY", () => {
  it("[IDN3] it is answered OK, or JSON when features are negotiated", () => {
    const client = connect();
    expect(client.send(identify())).toEqual(["OK"]);
    expect(client.send(identify({ feature_negotiation: true }))).toEqual([DEFAULT_REPLY]);
    expect(client.send(command("IDENTIFY", "null"))).toEqual(["OK"]);
  });

  it("[IDN2] what it settles holds for the connection", () => {
    const client = connect();
    client.send(identify({ client_id: "\u00e4", heartbeat_interval: 5000, msg_timeout: 2000, sample_rate: 3 }));
    expect(client.session.settings).toMatchObject({
      clientId: "\u00e4",
      hostname: "",
      heartbeatIntervalMs: 5000,
      msgTimeoutMs: 2000,
      sampleRate: 3,
    });
  });

  it.each(BODY_ERRORS)("[IDN2] %s is refused before a body arrives", (_, size, text) => {
    const client = connect();
    expect(client.send(`IDENTIFY\n${size}`)).toEqual([errorOf(`E_BAD_BODY IDENTIFY ${text}`)]);
    expect(client.session.isDone).toBe(true);
  });

  it.each(CUT_ERRORS)("[SES6] the end of input with %s is an error", (_, rest, text) => {
    const client = connect();
    expect(client.send(`IDENTIFY\n${rest}`)).toEqual([]);
    expect(client.end()).toEqual([errorOf(`E_BAD_BODY IDENTIFY ${text}`)]);
    expect(client.session.isDone).toBe(true);
  });

  it("[IDN2] a body as large as is allowed is taken", () => {
    expect(connect().send(command("IDENTIFY", `{}${" ".repeat(4998)}`))).toEqual(["OK"]);
  });

  it.each(["[]", "5", "{} x", '{"client_id":5}', '{"heartbeat_interval":1e3}', "\xff"])(
    "[IDN1] the body %j is refused",
    (body) => {
      const client = connect();
      expect(client.send(command("IDENTIFY", body))).toEqual([
        errorOf("E_BAD_BODY IDENTIFY failed to decode JSON body"),
      ]);
      expect(client.session.isDone).toBe(true);
    },
  );

  it.each<[object, string]>([
    [{ heartbeat_interval: 999 }, "E_BAD_BODY IDENTIFY heartbeat interval (999) is invalid"],
    [{ output_buffer_timeout: 24 }, "E_BAD_BODY IDENTIFY output buffer timeout (24) is invalid"],
    [{ output_buffer_size: 63 }, "E_BAD_BODY IDENTIFY output buffer size (63) is invalid"],
    [{ sample_rate: 100 }, "E_BAD_BODY IDENTIFY sample rate (100) is invalid"],
    [{ msg_timeout: 999 }, "E_BAD_BODY IDENTIFY msg timeout (999) is invalid"],
    [
      { feature_negotiation: true, deflate: true, snappy: true },
      "E_IDENTIFY_FAILED cannot enable both deflate and snappy compression",
    ],
  ])("[IDN2] %j is refused with nsqd's text and closes the connection", (request, text) => {
    const client = connect();
    const before = client.session.settings;
    expect(client.send(identify(request))).toEqual([errorOf(text)]);
    expect(client.session.isDone).toBe(true);
    expect(client.session.settings).toEqual(before);
  });

  it("[IDN2] of several errors the first in the spec's order is answered", () => {
    const wrong = { heartbeat_interval: 1, feature_negotiation: true, deflate: true, snappy: true };
    const inState = connectConsumer();
    expect(inState.send(`IDENTIFY\n${int32(0)}`)).toEqual([errorOf("E_INVALID cannot IDENTIFY in current state")]);
    const cut = connect();
    cut.send(`IDENTIFY\n${int32(50)}{"heartbeat_interval":1.5`);
    expect(cut.end()).toEqual([errorOf("E_BAD_BODY IDENTIFY failed to read body")]);
    expect(connect().send(command("IDENTIFY", '{"heartbeat_interval":1,"client_id":5}'))).toEqual([
      errorOf("E_BAD_BODY IDENTIFY failed to decode JSON body"),
    ]);
    expect(connect().send(identify(wrong))).toEqual([errorOf("E_BAD_BODY IDENTIFY heartbeat interval (1) is invalid")]);
  });
});

describe("IDENTIFY with compression", () => {
  it.each(["snappy", "deflate"] as const)(
    "[IDN3] with %s the reply is plain, and nothing goes on before the switch",
    (name) => {
      const client = connect();
      const replies = client.send(`${identify({ feature_negotiation: true, [name]: true })}compressed bytes`);
      expect(replies).toEqual([DEFAULT_REPLY.replace(`"${name}":false`, `"${name}":true`)]);
      expect(client.host.compressions).toEqual([COMPRESSED[name]]);
      expect([client.session.isBlocked, client.session.isDone]).toEqual([true, false]);
      expect(client.send("more")).toEqual([]);
    },
  );

  it("[IDN3] what came behind IDENTIFY is handed over, cut at every byte, and the rest goes on decoded", () => {
    const request = identify({ feature_negotiation: true, snappy: true });
    const coded = "\xff\x06\0\0sNaPpY\0\n\0";
    const stream = bytesOf(command("PUB t", "x") + request + coded);
    for (const { name, pieces } of everyCut(stream)) {
      const client = connect();
      client.sendPieces(pieces);
      expect(client.session.unread, name).toBeLessThanOrEqual(coded.length);
      expect(textOf(client.session.takeRest()), name).toBe(coded);
      expect(textOf(client.session.takeRest()), name).toBe("");
      // The host answers inside the new stream, and hands on what it has decoded.
      client.session.replies.push(OK_FRAME);
      client.session.resume(client.now);
      expect(client.replies(), name).toEqual(["OK"]);
      expect(client.send(`${command("PUB t", "y")}SUB t ch\n`), name).toEqual(["OK", "OK"]);
      const published = client.host.published.map(({ messages }) => messages[0]);
      expect(published, name).toEqual(["x", "y"]);
    }
  });

  it("[IDN3] the switch waits until everything before IDENTIFY is answered", () => {
    const client = connect();
    client.host.holdsPublishes = true;
    expect(client.send(command("PUB t", "x") + identify({ feature_negotiation: true, deflate: true }))).toEqual([]);
    expect(client.host.compressions).toEqual([]);
    client.host.settle();
    expect(client.replies()).toEqual(["OK", DEFAULT_REPLY.replace('"deflate":false', '"deflate":true')]);
    expect(client.host.compressions).toEqual(["deflate"]);
  });

  it("[IDN3] without feature_negotiation, or when the server does not offer it, nothing is switched", () => {
    const plain = connect();
    expect(plain.send(`${identify({ snappy: true })}NOP\n`)).toEqual(["OK"]);
    const limits = { snappy: false, deflate: false };
    const refusing = connect({ limits });
    const asked = { feature_negotiation: true, snappy: true, deflate: true };
    expect(refusing.send(identify(asked) + command("PUB t", "x"))).toEqual([DEFAULT_REPLY, "OK"]);
    expect([...plain.host.compressions, ...refusing.host.compressions]).toEqual([]);
  });
});

describe("AUTH", () => {
  it.each(["secret", "\0\xff\n\r", "s".repeat(5000)])("[AUT1] the secret %j is answered E_AUTH_DISABLED", (secret) => {
    const client = connect();
    expect(client.send(command("AUTH", secret))).toEqual([errorOf("E_AUTH_DISABLED AUTH disabled")]);
    expect(client.session.isDone).toBe(true);
  });

  it("[AUT1] nothing is answered before the body is there", () => {
    const client = connect();
    expect(client.send(`AUTH\r\n${int32(2)}x`)).toEqual([]);
    expect(client.send("y")).toEqual([errorOf("E_AUTH_DISABLED AUTH disabled")]);
  });

  it.each(["AUTH secret", "AUTH ", "AUTH x y"])("[AUT1] %j has parameters, and may not", (line) => {
    const client = connect();
    expect(client.send(`${line}\n`)).toEqual([errorOf("E_INVALID AUTH invalid number of parameters")]);
    expect(client.session.isDone).toBe(true);
  });

  it.each(BODY_ERRORS)("[AUT1] %s is refused before a body arrives", (_, size, text) => {
    expect(connect().send(`AUTH\n${size}`)).toEqual([errorOf(`E_BAD_BODY AUTH ${text}`)]);
  });

  it.each(CUT_ERRORS)("[SES6] the end of input with %s is an error of AUTH, too", (_, rest, text) => {
    const client = connect();
    client.send(`AUTH\n${rest}`);
    expect(client.end()).toEqual([errorOf(`E_BAD_BODY AUTH ${text}`)]);
  });

  it("[AUT1] of several errors the first in the spec's order is answered", () => {
    expect(connectConsumer().send("AUTH x y\n")).toEqual([errorOf("E_INVALID cannot AUTH in current state")]);
    expect(connect().send(`AUTH x\n${int32(0)}`)).toEqual([errorOf("E_INVALID AUTH invalid number of parameters")]);
  });
});
