import { describe, expect, it } from "vitest";
import { decodePeerInfo } from "../../src/lookup/peer-info.ts";
import { utf8 } from "../../src/protocol/bytes.ts";
import { bytesOf } from "../helpers/commands.ts";
import { PEER, REMOTE_ADDRESS } from "../helpers/v1-session.ts";

function decode(body: string): ReturnType<typeof decodePeerInfo> {
  return decodePeerInfo(utf8(body), REMOTE_ADDRESS);
}

/** What is decoded when a producer says this, too. */
function decodeWith(said: object): ReturnType<typeof decodePeerInfo> {
  return decode(JSON.stringify({ ...PEER, ...said }));
}

const DECODED = { remote_address: REMOTE_ADDRESS, ...PEER };

describe("decodePeerInfo", () => {
  it("[LKP2] a producer is what it says of itself, in nsqlookupd's order, at the address of its connection", () => {
    const info = decodeWith({});
    expect(info).toEqual(DECODED);
    expect(Object.keys(info)).toEqual([
      "remote_address",
      "hostname",
      "broadcast_address",
      "tcp_port",
      "http_port",
      "version",
      "topology_zone",
      "topology_region",
    ]);
  });

  it("[LKP2] the remote address of a body counts for nothing", () => {
    expect(decodeWith({ remote_address: "10.0.0.1:1" })).toEqual(DECODED);
    expect(decodeWith({ REMOTE_ADDRESS: "10.0.0.1:1" })).toEqual(DECODED);
    expect(decodeWith({ remote_address: null })).toEqual(DECODED);
  });

  // nsqlookupd's PeerInfo has the field; 1.3.0 answers "failed to decode JSON body".
  it("[LKP2] a remote address that is no string makes a body invalid", () => {
    expect(decodeWith({ remote_address: 5 })).toBe("undecodable");
  });

  it.each(["hostname", "topology_zone", "topology_region"])("[LKP2] %s may be missing, empty or null", (key) => {
    const without = { ...DECODED, [key]: "" };
    expect([undefined, "", null].map((value) => decodeWith({ [key]: value }))).toEqual([without, without, without]);
  });

  it.each([
    ["broadcast_address", ""],
    ["version", ""],
    ["tcp_port", 0],
    ["http_port", 0],
  ])("[LKP2] %s may not be missing, null or %j", (key, zero) => {
    const found = [undefined, null, zero].map((value) => decodeWith({ [key]: value }));
    expect(found).toEqual(["incomplete", "incomplete", "incomplete"]);
  });

  it.each(["{}", "null", '{"Tcp_port":1}'])("[LKP2] %s is decodable, but incomplete", (body) => {
    expect(decode(body)).toBe("incomplete");
  });

  it.each(["", " ", "{", "[]", '"x"', "5", "true", `${JSON.stringify(PEER)}x`, `\u{feff}${JSON.stringify(PEER)}`])(
    "[LKP2] %j is not decodable",
    (body) => {
      expect(decode(body)).toBe("undecodable");
    },
  );

  it.each(Object.entries(PEER))("[LKP2] %s of another type makes the body invalid", (key, value) => {
    const others = typeof value === "string" ? [1, true, [], {}] : ["1", true, [], {}, 1.5];
    expect(others.map((other) => decodeWith({ [key]: other }))).toEqual(others.map(() => "undecodable"));
  });

  it("[LKP2] what is not decodable is not incomplete, whichever field is missing", () => {
    expect(decode('{"hostname":1}')).toBe("undecodable");
  });

  it("[LKP2] a port is a whole number of 64 bits, which may be negative", () => {
    const withPort = (port: string) => decode(JSON.stringify(PEER).replace("5000", port));
    expect(withPort("-1")).toEqual({ ...DECODED, tcp_port: -1 });
    expect(withPort("65536")).toEqual({ ...DECODED, tcp_port: 65_536 });
    expect(withPort("9223372036854775808")).toBe("undecodable");
    expect([withPort("5000.0"), withPort("5e3")]).toEqual(["undecodable", "undecodable"]);
  });

  it("[LKP2] keys match in any case, unknown ones are ignored, white space may surround it all", () => {
    const body = JSON.stringify(PEER).replace("tcp_port", "TCP_Port").replace("{", '{"__proto__":{"version":""},');
    expect(decode(` \r\n\t${body}\n`)).toEqual(DECODED);
  });

  it("[LKP2] names may hold any letter; bytes that are no UTF-8 are replaced", () => {
    expect(decodeWith({ hostname: "Brücke 橋" })).toEqual({ ...DECODED, hostname: "Brücke 橋" });
    const malformed = bytesOf(JSON.stringify({ ...PEER, hostname: "a\xffb" }));
    expect(decodePeerInfo(malformed, REMOTE_ADDRESS)).toEqual({ ...DECODED, hostname: "a\u{fffd}b" });
  });
});
