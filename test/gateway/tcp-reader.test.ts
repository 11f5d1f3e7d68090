import { describe, expect, it } from "vitest";
import { TcpReader } from "../../src/gateway/tcp-reader.ts";

/** A socket's stream that has so many bytes, of which `atOnce` at most are there at a time. */
function streamOf(size: number, atOnce = size) {
  const asked: number[] = [];
  let left = size;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { byobRequest } = controller as ReadableByteStreamController;
      const view = byobRequest?.view as Uint8Array;
      asked.push(view.byteLength);
      const given = Math.min(left, atOnce, view.byteLength);
      if (given === 0) controller.close();
      left -= given;
      byobRequest?.respond(given);
    },
  });
  return { reader: new TcpReader(stream), asked };
}

async function readAll(reader: TcpReader): Promise<number> {
  let total = 0;
  for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) total += bytes.length;
  return total;
}

describe("a TCP socket", () => {
  it("[DOOR5] is read in larger pieces as more comes, up to 256 KiB", async () => {
    const { reader, asked } = streamOf(1_000_000);
    expect(await readAll(reader)).toBe(1_000_000);
    expect(asked).toEqual([4_096, 16_384, 65_536, ...Array(5).fill(262_144)]);
  });

  it("[DOOR5] takes little memory while little comes", async () => {
    const { reader, asked } = streamOf(3_000, 1_000);
    expect(await readAll(reader)).toBe(3_000);
    expect(asked).toEqual(Array(4).fill(4_096));
  });

  it("[DOOR5] is read in small pieces again when little comes", async () => {
    const { reader, asked } = streamOf(4_096 + 16_384 + 20_000 + 3 * 100, 20_000);
    expect(await readAll(reader)).toBe(40_780);
    expect(asked).toEqual([4_096, 16_384, 65_536, 65_536, 4_096]);
  });
});
