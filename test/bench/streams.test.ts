import { describe, expect, it } from "vitest";
import { commandBytes, messagesOf } from "../../bench/load/commands.ts";
import { FrameReader } from "../../bench/load/frames.ts";
import { frameInPlace, HEADER_ROOM, Unframer } from "../../bench/load/web-socket.ts";
import { everyCut } from "../helpers/cuts.ts";

/** A message of a server. */
function serverMessage(payload: Buffer, opcode = 2): Buffer {
  const header = [0x80 | opcode];
  if (payload.length < 126) header.push(payload.length);
  else if (payload.length < 65_536) header.push(126, payload.length >> 8, payload.length & 255);
  else header.push(127, 0, 0, 0, 0, 0, (payload.length >> 16) & 255, (payload.length >> 8) & 255, payload.length & 255);
  return Buffer.concat([Buffer.from(header), payload]);
}

function frame(type: number, data: string): Buffer {
  const bytes = Buffer.alloc(8 + data.length);
  bytes.writeInt32BE(4 + data.length);
  bytes.writeInt32BE(type, 4);
  bytes.write(data, 8);
  return bytes;
}

describe("the load", () => {
  it("[BENCH5] understands WebSocket messages of a server cut anywhere", () => {
    const payloads = [
      Buffer.from("a"),
      Buffer.alloc(0),
      Buffer.alloc(125, "b"),
      Buffer.alloc(200, "c"),
      Buffer.from("d"),
    ];
    const stream = Buffer.concat(payloads.map((payload) => serverMessage(payload)));
    for (const { name, pieces } of everyCut(stream)) {
      const read: Buffer[] = [];
      const unframer = new Unframer(
        (bytes) => read.push(Buffer.from(bytes)),
        () => expect.unreachable(),
      );
      for (const piece of pieces) unframer.push(Buffer.from(piece));
      expect(Buffer.concat(read).equals(Buffer.concat(payloads)), name).toBe(true);
    }
  });

  it("[BENCH5] understands a WebSocket message of more than 64 KiB, and one that closes", () => {
    let bytes = 0;
    let closed = 0;
    const unframer = new Unframer(
      (payload) => {
        bytes += payload.length;
      },
      () => {
        closed++;
      },
    );
    unframer.push(Buffer.concat([serverMessage(Buffer.alloc(70_000)), serverMessage(Buffer.from([3, 232]), 8)]));
    expect({ bytes, closed }).toEqual({ bytes: 70_000, closed: 1 });
  });

  it.each([1, 125, 126, 65_535, 65_536])(
    "[BENCH5] masks a payload of %i bytes where it lies, as a client must",
    (length) => {
      const buffer = Buffer.alloc(HEADER_ROOM + length, "x");
      const message = frameInPlace(buffer, buffer.length);
      const header = message.length - length;
      expect(header).toBe(length < 126 ? 6 : length < 65_536 ? 8 : 14);
      expect(message[0]).toBe(0x82);
      expect((message[1] as number) & 0x80).toBe(0x80);
      const mask = message.subarray(header - 4, header);
      expect(mask.some((byte) => byte !== 0)).toBe(true);
      expect(message.subarray(header).every((byte, i) => (byte ^ (mask[i & 3] as number)) === 0x78)).toBe(true);
    },
  );

  it("[BENCH5] finds the frames of a stream cut anywhere", () => {
    const frames = [frame(0, "OK"), frame(2, "x".repeat(40)), frame(0, "_heartbeat_"), frame(2, "y")];
    for (const { name, pieces } of everyCut(Buffer.concat(frames))) {
      const read: Buffer[] = [];
      const reader = new FrameReader((buffer, at, end) => read.push(Buffer.from(buffer.subarray(at, end))));
      for (const piece of pieces) reader.push(Buffer.from(piece));
      expect(read, name).toEqual(frames);
    }
  });

  it("[BENCH5] publishes what NSQ's protocol says", () => {
    expect(commandBytes({ kind: "pub", topic: "t", size: 2 }).toString("latin1")).toBe("PUB t\n\0\0\0\x02xx");
    const mpub = { kind: "mpub", topic: "t", size: 1, count: 2 } as const;
    expect(commandBytes(mpub).toString("latin1")).toBe("MPUB t\n\0\0\0\x0e\0\0\0\x02\0\0\0\x01x\0\0\0\x01x");
    expect(messagesOf(mpub)).toBe(2);
    const message = commandBytes({ kind: "message", size: 2 });
    expect(message).toHaveLength(36);
    expect([...message.subarray(0, 8)]).toEqual([0, 0, 0, 32, 0, 0, 0, 2]);
  });
});
