import { describe, expect, it } from "vitest";
import {
  ATTEMPTS_OFFSET,
  BODY_OFFSET,
  ID_OFFSET,
  publishedAt,
  TIMESTAMP_OFFSET,
  timestampNs,
  writeAttempts,
  writeMessageHeader,
} from "../../src/protocol/message.ts";
import { writeMessageId } from "../../src/protocol/message-id.ts";
import { bytesOf, toHex } from "../helpers/commands.ts";

/** The frame of a message, in a buffer that has something before it. */
function message({
  body = "hello",
  at = 3,
  node = 5,
  seq = 7,
  publishedMs = 1_700_000_000_123,
  attempts = 1,
}): Uint8Array {
  const buffer = new Uint8Array(at + BODY_OFFSET + body.length).fill(0xaa);
  writeMessageHeader(buffer, at, body.length);
  const view = new DataView(buffer.buffer);
  view.setBigInt64(at + TIMESTAMP_OFFSET, timestampNs(publishedMs));
  writeMessageId(view, at + ID_OFFSET, node, seq);
  buffer.set(bytesOf(body), at + BODY_OFFSET);
  if (attempts !== 1) writeAttempts(buffer, at, attempts);
  return buffer.subarray(at);
}

describe("message frames", () => {
  it("[MSG1] size, type 2, time of publishing in ns, attempts, id and body follow each other", () => {
    const fields = [
      "0000001f", // 4 + 26 + 1
      "00000002",
      "17979cfe3d7ed4c0",
      "0001",
      "30313430303030303030303030303037",
      "78",
    ];
    expect(toHex(message({ body: "x" }))).toBe(fields.join(""));
  });

  it("[MSG1] the body begins 34 bytes into the frame", () => {
    expect([TIMESTAMP_OFFSET, ATTEMPTS_OFFSET, ID_OFFSET, BODY_OFFSET]).toEqual([8, 16, 18, 34]);
  });

  it.each([
    [1, "0001"],
    [2, "0002"],
    [255, "00ff"],
    [256, "0100"],
    [65_535, "ffff"],
    [65_536, "0000"],
    [65_537, "0001"],
    [131_073, "0001"],
  ])("[MSG1] %i attempts are written as %s", (attempts, hex) => {
    const frame = message({ attempts });
    expect(toHex(frame.subarray(ATTEMPTS_OFFSET, ID_OFFSET))).toBe(hex);
    expect(toHex(frame.subarray(ID_OFFSET, ID_OFFSET + 2))).toBe("3031");
  });

  it.each([0, 1, 1_700_000_000_123, 1_795_939_608_546, 4_102_444_800_000])(
    "[MSG1] the instant %i comes back from the frame",
    (publishedMs) => {
      expect(publishedAt(message({ publishedMs }))).toBe(publishedMs);
    },
  );

  it("[MSG1] a fraction of a millisecond is dropped", () => {
    expect(timestampNs(1_700_000_000_123.9)).toBe(1_700_000_000_123_000_000n);
  });
});
