import { describe, expect, it } from "vitest";
import { ByteQueue } from "./byte-queue.ts";
import { compareFrames, type Frame, type Framing, takeFrame } from "./frame.ts";

function queueOf(...chunks: string[]): ByteQueue {
  const queue = new ByteQueue();
  for (const [time, chunk] of chunks.entries()) queue.push({ data: Buffer.from(chunk, "hex"), time });
  return queue;
}

function taken(queue: ByteQueue, framing: Framing = "v2"): [string, string] | null {
  const frame = takeFrame(queue, framing);
  return frame && [frame.type, frame.data.toString("latin1")];
}

describe("takeFrame", () => {
  it("takes one frame after the other", () => {
    const queue = queueOf("00000006000000004f4b000000050000000121");
    expect(taken(queue)).toEqual(["response", "OK"]);
    expect(taken(queue)).toEqual(["error", "!"]);
    expect(taken(queue)).toBeNull();
  });

  it("waits for a whole frame, cut anywhere", () => {
    const bytes = ["00", "00", "00", "06", "00", "00", "00", "02", "4f"];
    const queue = queueOf(...bytes);
    expect(taken(queue)).toBeNull();
    queue.push({ data: Buffer.from("4b00", "hex"), time: 99 });
    expect(takeFrame(queue, "v2")).toEqual({ type: "message", data: Buffer.from("OK"), time: 99 });
    expect(queue.size).toBe(1);
  });

  it("tells types it does not know", () => {
    expect(taken(queueOf("0000000400000007"))).toEqual(["type 7", ""]);
  });

  it("gives up on a size that no frame has", () => {
    expect(taken(queueOf("00000003000000"))).toEqual(["bad size", "\0\0\0\x03\0\0\0"]);
    expect(taken(queueOf("ffffffff"))?.[0]).toBe("bad size");
  });

  it("knows no types from nsqlookupd", () => {
    expect(taken(queueOf("000000024f4b"), "lookup")).toEqual(["reply", "OK"]);
    expect(taken(queueOf("00000000"), "lookup")).toEqual(["reply", ""]);
  });
});

describe("compareFrames", () => {
  const frame = (type: string, data: string): Frame => ({ type, data: Buffer.from(data), time: 0 });
  const header = "x".repeat(26);

  it("orders by type, then content", () => {
    const frames = [frame("response", "OK"), frame("message", `${header}b`), frame("message", `${header}a`)];
    expect(frames.sort(compareFrames).map(({ data }) => data.toString().replace(header, ""))).toEqual(["a", "b", "OK"]);
  });

  it("leaves out a message's timestamp, attempts and id", () => {
    expect(compareFrames(frame("message", `${header}a`), frame("message", `${"y".repeat(26)}a`))).toBe(0);
  });
});
