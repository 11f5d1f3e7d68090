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
  it("[DOOR5] is read in large pieces once much comes", async () => {
    const { reader, asked } = streamOf(200_000);
    expect(await readAll(reader)).toBe(200_000);
    expect(asked).toEqual([4_096, ...Array(4).fill(65_536)]);
  });

  it("[DOOR5] takes little memory while little comes", async () => {
    const { reader, asked } = streamOf(3_000, 1_000);
    expect(await readAll(reader)).toBe(3_000);
    expect(asked).toEqual(Array(4).fill(4_096));
  });

  it("[DOOR5] is read in small pieces again when less comes", async () => {
    const { reader, asked } = streamOf(4_096 + 70_000);
    expect(await readAll(reader)).toBe(74_096);
    expect(asked).toEqual([4_096, 65_536, 65_536, 65_536]);
    const trickle = streamOf(4_096 + 3 * 100, 4_096);
    expect(await readAll(trickle.reader)).toBe(4_396);
    expect(trickle.asked).toEqual([4_096, 65_536, 4_096]);
  });
});
