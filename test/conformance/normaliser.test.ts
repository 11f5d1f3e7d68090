import { describe, expect, it } from "vitest";
import type { Frame } from "./frame.ts";
import type { Json } from "./json.ts";
import { keyOrder, Normaliser } from "./normaliser.ts";
import { placeholder } from "./scope.ts";
import type { Step } from "./step.ts";

const topic = placeholder("topic");
const ID = "0123456789abcdef";
const SECOND_ID = "fedcba9876543210";

function normaliser(steps: Step[] = []): Normaliser {
  return new Normaliser(new Map([[topic, "t123"]]), { steps });
}

function message(id: string, { body = "x", attempts = 1, timestamp = BigInt(Date.now()) * 1_000_000n } = {}): Frame {
  const header = Buffer.alloc(10);
  header.writeBigInt64BE(timestamp, 0);
  header.writeUInt16BE(attempts, 8);
  return { type: "message", data: Buffer.concat([header, Buffer.from(id), Buffer.from(body)]), time: 0 };
}

function response(text: string): Frame {
  return { type: "response", data: Buffer.from(text), time: 0 };
}

describe("Normaliser.frame", () => {
  it("numbers messages by first appearance, and knows them again in later text", () => {
    const normalise = normaliser();
    const timestamp = BigInt(Date.now()) * 1_000_000n;
    expect(normalise.frame(message(ID, { timestamp }))).toEqual({ message: "<id1>", attempts: 1, body: "x" });
    expect(normalise.frame(message(SECOND_ID))).toEqual({ message: "<id2>", attempts: 1, body: "x" });
    expect(normalise.frame(message(ID, { timestamp, attempts: 2 }))).toMatchObject({ message: "<id1>", attempts: 2 });
    expect(normalise.frame({ ...response(`E_FIN_FAILED FIN ${ID} failed`), type: "error" })).toEqual({
      error: "E_FIN_FAILED FIN <id1> failed",
    });
  });

  it("wants current timestamps in nanoseconds that stay the same", () => {
    const normalise = normaliser();
    const timestamp = BigInt(Date.now()) * 1_000_000n;
    normalise.frame(message(ID, { timestamp }));
    expect(normalise.frame(message(ID, { timestamp: timestamp + 1n }))).toMatchObject({
      ts: "changed between deliveries",
    });
    expect(normalise.frame(message(SECOND_ID, { timestamp: 5n }))).toMatchObject({ ts: "not a current time in ns: 5" });
  });

  it("wants ids that fit into a command line", () => {
    expect(normaliser().frame(message("0123456789abcde ")).message).toMatch("not a usable id");
  });

  it("shows a message without a whole header", () => {
    const broken = { type: "message", data: Buffer.from([1, 2]), time: 0 };
    expect(normaliser().frame(broken)).toEqual({ message: "shorter than its header", hex: "0102" });
  });

  it("reads JSON responses, but takes other text as it is", () => {
    expect(normaliser().frame(response('{"version":"1.3.0","max_rdy_count":2500}'))).toEqual({
      response: { version: "<string>", max_rdy_count: 2500 },
    });
    expect(normaliser().frame(response("{not json"))).toEqual({ response: "{not json" });
  });
});

describe("Normaliser.json", () => {
  it("replaces the scenario's names, in keys too", () => {
    expect(normaliser().json({ "t123.a": ["t123#ephemeral"] })).toEqual({ [`${topic}.a`]: [`${topic}#ephemeral`] });
  });

  it("replaces volatile values by their type, and everything under memory", () => {
    const stats: Json = { version: "1.4.0", start_time: 12, depth: 3, memory: { heap: 5, unit: "B" } };
    expect(normaliser().json(stats)).toEqual({
      version: "<string>",
      start_time: "<number>",
      depth: 3,
      memory: { heap: "<number>", unit: "<string>" },
    });
  });

  it("keeps volatile values that the scenario has supplied", () => {
    const identify = { line: "IDENTIFY", body: { json: { client_id: "client-1", tcp_port: 4150 } } };
    const normalise = normaliser([{ verb: "send", send: identify }]);
    expect(normalise.json({ client_id: "client-1", hostname: "host", tcp_port: 4150, http_port: 4151 })).toEqual({
      client_id: "client-1",
      hostname: "<string>",
      tcp_port: 4150,
      http_port: "<number>",
    });
  });

  it("keeps empty client ids and host names, which are what a client left out", () => {
    expect(normaliser().json({ client_id: "", hostname: "", version: "" })).toEqual({
      client_id: "",
      hostname: "",
      version: "<string>",
    });
  });

  it("leaves out fields newer than NSQ 1.3.0, but normalises a picked one by its name", () => {
    expect(normaliser().json({ depth: 0, zone_local_msg_count: 0, topology_zone: "z" })).toEqual({ depth: 0 });
    expect(normaliser().json("z", "topology_zone")).toBe("<string>");
  });
});

describe("Normaliser.body", () => {
  it("shows text as text, other bytes as hex, and long bodies by their digest", () => {
    expect(normaliser().body(Buffer.from("line\r\n\tt123"))).toBe(`line\r\n\t${topic}`);
    expect(normaliser().body(Buffer.from([0x61, 0x00]))).toEqual({ hex: "6100" });
    expect(normaliser().body(Buffer.from([0xff]))).toEqual({ hex: "ff" });
    expect(normaliser().body(Buffer.alloc(301, "x"))).toEqual({
      length: 301,
      sha1: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
  });
});

describe("keyOrder", () => {
  it("lists the keys as they came, without newer ones", () => {
    expect(keyOrder(Buffer.from('{"b":1,"topology_zone":"","a":2}'))).toEqual(["b", "a"]);
    expect(keyOrder(Buffer.from("OK"))).toBeNull();
  });
});
