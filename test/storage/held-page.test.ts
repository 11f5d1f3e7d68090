import { describe, expect, it } from "vitest";
import { fromByteString, toByteString } from "../../src/protocol/bytes.ts";
import type { HeldFrame } from "../../src/queue/channel-store.ts";
import { cutPages, decodePage, encodePage, pageSpan } from "../../src/storage/held-page.ts";
import { Random } from "../helpers/random.ts";
import { T0 } from "../helpers/records.ts";

function message(due: number, seq: number, attempts = 1, frame = fromByteString(`frame ${seq}`)): HeldFrame {
  return { due, seq, attempts, frame };
}

/** As it is put into a page and read again. */
function readAgain(page: readonly HeldFrame[]): HeldFrame[] {
  const { messages, frames } = decodePage(encodePage({ messages: page, frames: page.map(({ frame }) => frame) }));
  return messages.map((one, index) => ({ ...one, frame: frames[index] as Uint8Array }));
}

describe("a page of held messages", () => {
  it("[CHN24] is read as it was written, whatever is in it", () => {
    const seq = T0 * 1_024;
    const page = [
      message(0, 5, 0, new Uint8Array(0)),
      message(0, seq, 65_535),
      message(T0, 3, 2),
      message(T0, 2 ** 52 + 1, 1, Uint8Array.from([0, 255, 128])),
      message(T0 * 100, seq - 1),
    ];
    expect(readAgain(page)).toEqual(page);
    expect(readAgain([message(T0, seq)])).toEqual([message(T0, seq)]);
  });

  it("[DUR11] is read as the first version that had pages wrote it", () => {
    const bytes = encodePage({
      messages: [
        { due: T0, seq: T0 * 1_024, attempts: 1 },
        { due: T0 + 300, seq: T0 * 1_024 - 2, attempts: 200 },
      ],
      frames: [fromByteString("one"), fromByteString("two two")],
    });
    const written = "02808080adf9e78b0380d095ffbc31000103ac0203c801076f6e6574776f2074776f";
    expect(toHex(bytes)).toBe(written);
    const { messages, frames } = decodePage(Uint8Array.from(Buffer.from(written, "hex")));
    expect(messages).toEqual([
      { due: T0, seq: T0 * 1_024, attempts: 1 },
      { due: T0 + 300, seq: T0 * 1_024 - 2, attempts: 200 },
    ]);
    expect(frames.map((each) => toByteString(each))).toEqual(["one", "two two"]);
  });

  it("[CHN24] holds what falls due within the same span of some 8 s", () => {
    const { from, to } = pageSpan(T0);
    expect([to - from + 1, pageSpan(from), pageSpan(to)]).toEqual([8_192, { from, to }, { from, to }]);
    const pages = cutPages([message(to + 1, 1), message(from, 2), message(to, 3), message(from - 1, 4)]);
    expect(pages.map((page) => page.map(({ seq }) => seq))).toEqual([[4], [2, 3], [1]]);
  });

  it("[CHN24] of 32 messages ends with an instant, so that those of many for few instants do not overlap", () => {
    const some = (count: number, due: number, from: number) =>
      Array.from({ length: count }, (_, index) => message(due, from + index));
    const sizes = (messages: HeldFrame[]) => cutPages(messages).map(({ length }) => length);
    expect(sizes([...some(32, T0, 1), ...some(10, T0 + 1, 100)])).toEqual([32, 10]);
    expect(sizes([...some(31, T0, 1), ...some(10, T0 + 1, 100)])).toEqual([41]);
    expect(sizes([...some(200, T0, 1), ...some(100, T0 + 1, 1_000)])).toEqual([128, 72, 100]);
  });

  it("[CHN24] seeded: pages have every message once, in order, and no more than they may", () => {
    const random = new Random(3);
    for (let run = 0; run < 50; run++) {
      const all = Array.from({ length: random.int(400) }, (_, index) =>
        message(T0 + random.int(200_000), index + 1, 1, new Uint8Array(random.chance(5) ? 100_000 : random.int(500))),
      );
      const pages = cutPages(all);
      const seqs = pages.flat().map(({ seq }) => seq);
      expect(seqs).toEqual(all.toSorted((a, b) => a.due - b.due || a.seq - b.seq).map(({ seq }) => seq));
      for (const page of pages) {
        const bytes = page.reduce((sum, { frame }) => sum + frame.length, 0);
        expect(page.length === 1 || bytes <= 2 ** 17).toBe(true);
        expect(page.length).toBeLessThanOrEqual(128);
        expect(new Set(page.map(({ due }) => pageSpan(due).from)).size).toBe(1);
      }
    }
  });
});

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
