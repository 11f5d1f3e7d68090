// What nsqlookupd answers, on its way through the bridge.

import { describe, expect, it } from "vitest";
import { V1Replies } from "../../src/cli/bridge/v1-replies.ts";

const AT = { host: "127.0.0.1", tcpPort: 1, httpPort: 2 };

function reply(text: string): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([size, Buffer.from(text)]);
}

function passed(pieces: readonly Buffer[]): Buffer {
  const replies = new V1Replies(AT);
  return Buffer.concat(pieces.map((piece) => replies.push(piece) ?? Buffer.from("refused")));
}

const told = { broadcast_address: "broker.example", hostname: "é", http_port: 443, tcp_port: 4150, version: "1.3.0" };
const IDENTITY = JSON.stringify(told);
const OURS = JSON.stringify({ ...told, broadcast_address: "127.0.0.1", http_port: 2, tcp_port: 1 });
const CAME = Buffer.concat([reply("OK"), reply(IDENTITY), reply("OK"), reply(IDENTITY)]);
const GOES = Buffer.concat([reply("OK"), reply(OURS), reply("OK"), reply(IDENTITY)]);

describe("V1Replies", () => {
  it("[BRIDGE5] tells of the bridge in the answer to IDENTIFY and nowhere else, whatever pieces it comes in", () => {
    expect(passed([CAME])).toEqual(GOES);
    for (let at = 1; at < CAME.length; at++) expect(passed([CAME.subarray(0, at), CAME.subarray(at)])).toEqual(GOES);
    expect(passed([...CAME].map((byte) => Buffer.from([byte])))).toEqual(GOES);
  });

  it("[BRIDGE4] what looks like an identity and is none is refused", () => {
    expect(new V1Replies(AT).push(reply("{oops"))).toBeNull();
  });

  it("[BRIDGE5] what is no such stream passes as it is, and is not kept", () => {
    const other = Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n");
    expect(passed([other, other])).toEqual(Buffer.concat([other, other]));
  });
});
