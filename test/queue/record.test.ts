import { describe, expect, it } from "vitest";
import { fromByteString, toByteString } from "../../src/protocol/bytes.ts";
import { MAX_NODE } from "../../src/protocol/message-id.ts";
import {
  dueAt,
  frameLength,
  frameOf,
  isPlain,
  lengthOfRecord,
  recordLength,
  recordOf,
  stamp,
} from "../../src/queue/record.ts";
import { Random } from "../helpers/random.ts";
import { draft, framesIn, NODE, segmentsOf, T0 } from "../helpers/records.ts";

function recordsOf(...drafts: Parameters<typeof segmentsOf>[0]): Uint8Array {
  const [segment] = segmentsOf(drafts);
  return segment?.bytes ?? new Uint8Array(0);
}

/** A message frame, put together from the specification (1.3). */
function frame(attempts: number, id: string, body: string): Uint8Array {
  const whole = new Uint8Array(34 + body.length);
  const view = new DataView(whole.buffer);
  view.setInt32(0, 30 + body.length);
  view.setInt32(4, 2);
  view.setBigInt64(8, BigInt(T0) * 1_000_000n);
  view.setUint16(16, attempts);
  whole.set(fromByteString(id), 18);
  whole.set(fromByteString(body), 34);
  return whole;
}

describe("record", () => {
  it("[LOG10] a record without flags is byte for byte the frame of the first delivery", () => {
    const records = recordsOf("hello");
    stamp(records, 5, 0x123456789, T0);
    expect(records).toEqual(frame(1, "0140000123456789", "hello"));
    expect(frameOf(records, 0)).toEqual(records);
    expect(isPlain(records, 0)).toBe(true);
    expect(dueAt(records, 0)).toBe(0);
  });

  it("[LOG10] a deferred record carries its due time behind the same frame", () => {
    const records = recordsOf(draft("hello", T0 + 0.5));
    stamp(records, MAX_NODE, 7, T0);
    expect(dueAt(records, 0)).toBe(T0 + 0.5);
    expect(frameOf(records, 0)).toEqual(frame(1, "ffc0000000000007", "hello"));
    expect(isPlain(records, 0)).toBe(false);
  });

  it("[LOG10] the record of a body alone is the one that a writer collects", () => {
    expect(recordOf(fromByteString("hello"), 0)).toEqual(recordsOf("hello"));
    expect(recordOf(fromByteString("hello"), T0)).toEqual(recordsOf(draft("hello", T0)));
  });

  it("[LOG10] taking the frame out of a deferred record leaves the record as it is", () => {
    const records = recordsOf(draft("a", T0 + 1), "b");
    stamp(records, NODE, 1, T0);
    const before = records.slice();
    frameOf(records, 0)[16] = 99;
    expect(records).toEqual(before);
  });

  it("[LOG10] records of any sizes, deferred or not, lie back to back and are found again", () => {
    const random = new Random(1);
    const drafts = [0, 1, 255, 256, 65_535, 65_536, 70_000].flatMap((size) => [
      draft(random.bytes(size)),
      draft(random.bytes(size), T0 + size + 1),
    ]);
    const records = recordsOf(...drafts);
    stamp(records, NODE, 1_000, T0);
    const found: unknown[] = [];
    let at = 0;
    for (let seq = 1_000; at < records.length; seq++) {
      const [received] = framesIn([frameOf(records, at)]);
      expect(received).toMatchObject({ seq, attempts: 1, publishedAt: T0 });
      expect(frameLength(records, at)).toBe(34 + (received?.body.length ?? 0));
      found.push({ body: received?.body, due: dueAt(records, at) });
      at += recordLength(records, at);
    }
    expect(at).toBe(records.length);
    expect(found).toEqual(drafts);
  });

  it("[LOG10] the length of a record is known from its body", () => {
    expect(lengthOfRecord(5, false)).toBe(recordsOf("12345").length);
    expect(lengthOfRecord(5, true)).toBe(recordsOf(draft("12345", 1)).length);
  });

  it("[LOG1] records that are stored together get consecutive ids and one timestamp", () => {
    const records = recordsOf("a", draft("b", T0), "c");
    stamp(records, NODE, 2 ** 40, T0 + 1);
    const frames: Uint8Array[] = [];
    for (let at = 0; at < records.length; at += recordLength(records, at)) frames.push(frameOf(records, at));
    const received = framesIn(frames).map(({ body, ...rest }) => ({ ...rest, body: toByteString(body) }));
    expect(received).toEqual(
      ["a", "b", "c"].map((body, i) => ({ seq: 2 ** 40 + i, attempts: 1, publishedAt: T0 + 1, body })),
    );
  });

  it("[DUR6] a record with a flag that is not known is not taken for a frame", () => {
    for (const flags of [2, 3, 4, 128]) {
      const records = recordsOf(draft("from the future", T0 + 1));
      stamp(records, NODE, 1, T0);
      records[0] = flags;
      expect(() => frameOf(records, 0), `flags ${flags}`).toThrow();
    }
  });
});
