import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { concat, toByteString } from "../../src/protocol/bytes.ts";
import { dueAt, frameOf, MAX_BODY, recordLength, stamp } from "../../src/queue/record.ts";
import { RecordWriter, SEGMENT_SIZE, type Segment } from "../../src/queue/record-writer.ts";
import { Random } from "../helpers/random.ts";
import { draft, framesIn, NODE, segmentsOf, T0 } from "../helpers/records.ts";

/** The bodies and due times in a segment. */
function contentOf({ bytes }: Segment): { body: string; due: number }[] {
  const records = bytes.slice();
  stamp(records, NODE, 0, T0);
  const content = [];
  for (let at = 0; at < records.length; at += recordLength(records, at)) {
    const [received] = framesIn([frameOf(records, at)]);
    content.push({ body: toByteString(received?.body ?? new Uint8Array(0)), due: dueAt(records, at) });
  }
  return content;
}

/** A segment as it is stored, its bytes in a form that is quickly compared. */
function stamped({ bytes, ...rest }: Segment) {
  stamp(bytes, NODE, 0, T0);
  return { ...rest, size: bytes.length, hash: createHash("sha1").update(bytes).digest("hex") };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

describe("RecordWriter", () => {
  it("[LOG1] messages that are stored together lie in one row, in order", () => {
    const segments = segmentsOf(["a", draft("bb", 5), "ccc"]);
    expect(segments.map(contentOf)).toEqual([
      [
        { body: "a", due: 0 },
        { body: "bb", due: 5 },
        { body: "ccc", due: 0 },
      ],
    ]);
    const { bytes, ...rest } = segments[0] as Segment;
    expect(rest).toEqual({ count: 3, bodyBytes: 6, deferred: 1 });
  });

  it("[LOG1] a row is about 1 MB at most: the next message begins another one", () => {
    const segments = segmentsOf(Array.from({ length: 60 }, (_, i) => draft(new Uint8Array(100_000).fill(i))));
    for (const { bytes } of segments) expect(bytes.length).toBeLessThanOrEqual(SEGMENT_SIZE);
    expect(SEGMENT_SIZE).toBeLessThanOrEqual(2 ** 20);
    expect(segments.map(({ count }) => count)).toEqual([9, 9, 9, 9, 9, 9, 6]);
    const firstBytes = segments.flatMap(({ bytes, count }) =>
      Array.from({ length: count }, (_, i) => bytes[i * 100_034 + 34]),
    );
    expect(firstBytes).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  it("[LOG1] a message that is larger than a row makes a row of its own", () => {
    const sizes = [1, MAX_BODY, 1, 1];
    const segments = segmentsOf(sizes.map((size) => draft(new Uint8Array(size))));
    expect(segments.map(({ count, bodyBytes }) => ({ count, bodyBytes }))).toEqual([
      { count: 1, bodyBytes: 1 },
      { count: 1, bodyBytes: MAX_BODY },
      { count: 2, bodyBytes: 2 },
    ]);
    expect(Math.max(...segments.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(2_000_000);
  });

  it("[LOG1] a full row still takes the message that fits exactly", () => {
    const exact = SEGMENT_SIZE - 2 * 34 - 10;
    const segments = segmentsOf([draft(new Uint8Array(exact)), draft(new Uint8Array(10))]);
    expect(segments.map(({ bytes }) => bytes.length)).toEqual([SEGMENT_SIZE]);
    const above = segmentsOf([draft(new Uint8Array(exact)), draft(new Uint8Array(11))]);
    expect(above.map(({ count }) => count)).toEqual([1, 1]);
  });

  it("[LOG1] a writer is empty once its content was taken, and what was taken stays as it is", () => {
    const writer = new RecordWriter();
    writer.add(new TextEncoder().encode("xfirstx"), 1, 6, 77);
    expect([writer.count, writer.size]).toEqual([1, 34 + 5 + 8]);
    const first = writer.take();
    expect([writer.count, writer.size, writer.take()]).toEqual([0, 0, []]);
    writer.add(new TextEncoder().encode("other"), 0, 5);
    expect(writer.take().map(contentOf)).toEqual([[{ body: "other", due: 0 }]]);
    expect(first.map(contentOf)).toEqual([[{ body: "first", due: 77 }]]);
  });

  it("[LOG10] records that another writer collected are taken over with their due times", () => {
    const writer = new RecordWriter();
    writer.add(new TextEncoder().encode("own"), 0, 3);
    for (const { bytes } of segmentsOf([draft("later", 9), "", "now"])) writer.addRecords(bytes);
    const [segment] = writer.take();
    expect(segment && contentOf(segment)).toEqual([
      { body: "own", due: 0 },
      { body: "later", due: 9 },
      { body: "", due: 0 },
      { body: "now", due: 0 },
    ]);
    expect(segment).toMatchObject({ count: 4, deferred: 1, bodyBytes: 11 });
  });

  it("[LOG1] records that another writer collected are shared out among rows as they would be one by one", () => {
    const random = new Random(1);
    const exact = SEGMENT_SIZE - 2 * 34 - 10;
    const cases = [
      [exact, 10, 1],
      [exact, 11, 1],
      [exact + 1, 10, 1],
      ...Array.from({ length: 20 }, () =>
        Array.from({ length: 20 }, () => random.int(random.pick([2, 100_000, SEGMENT_SIZE + 2]))),
      ),
    ];
    for (const sizes of cases) {
      const drafts = sizes.map((size, i) => draft(new Uint8Array(size).fill(i), i % 3 === 2 ? 5 : 0));
      const oneByOne = segmentsOf(drafts);
      const writer = new RecordWriter();
      writer.addRecords(concat(oneByOne.map(({ bytes }) => bytes)));
      expect([writer.count, writer.size]).toEqual([sizes.length, sum(oneByOne.map(({ bytes }) => bytes.length))]);
      expect(writer.take().map(stamped)).toEqual(oneByOne.map(stamped));
    }
  });
});
