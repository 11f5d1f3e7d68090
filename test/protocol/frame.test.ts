import { describe, expect, it } from "vitest";
import { clientError } from "../../src/protocol/errors.ts";
import {
  CLOSE_WAIT_FRAME,
  errorFrame,
  FrameDecoder,
  HEARTBEAT_FRAME,
  OK_FRAME,
  okFrames,
  responseFrame,
} from "../../src/protocol/frame.ts";
import { bytesOf, fromHex, textOf, toHex } from "../helpers/commands.ts";
import { everyCut, randomCuts } from "../helpers/cuts.ts";
import { Random } from "../helpers/random.ts";

type Decoded = [type: number, data: string] | "malformed";

function decode(pieces: readonly Uint8Array[]): Decoded[] {
  const decoder = new FrameDecoder();
  const frames: Decoded[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
      if (frame === "malformed") return [...frames, "malformed"];
      frames.push([frame.type, textOf(frame.data)]);
    }
  }
  return frames;
}

describe("frames", () => {
  it.each<[string, Uint8Array, string]>([
    ["OK", OK_FRAME, "00000006 00000000 4f4b"],
    ["CLOSE_WAIT", CLOSE_WAIT_FRAME, "0000000e 00000000 434c4f53455f57414954"],
    ["_heartbeat_", HEARTBEAT_FRAME, "0000000f 00000000 5f6865617274626561745f"],
    ["a response", responseFrame("ab"), "00000006 00000000 6162"],
    ["a response of bytes", responseFrame(fromHex("ff00")), "00000006 00000000 ff00"],
    ["an empty response", responseFrame(""), "00000004 00000000"],
    [
      "an error",
      errorFrame(clientError("E_INVALID", "invalid command NOPE")),
      "00000022 00000001 455f494e56414c494420696e76616c696420636f6d6d616e64204e4f5045",
    ],
    [
      "an error without a text",
      errorFrame(clientError("E_BAD_PROTOCOL", "")),
      "00000012 00000001 455f4241445f50524f544f434f4c",
    ],
    [
      "an error that quotes bytes",
      errorFrame(clientError("E_INVALID", "invalid command \xff\0")),
      "00000020 00000001 455f494e56414c494420696e76616c696420636f6d6d616e6420ff00",
    ],
  ])("[FRAME1] %s is its size, its type and its data", (_, frame, hex) => {
    expect(toHex(frame)).toBe(hex.replaceAll(" ", ""));
  });
});

describe("okFrames", () => {
  it.each([0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 1000])("[SES2] %i replies are as many OK frames in a row", (count) => {
    expect(textOf(okFrames(count))).toBe(textOf(OK_FRAME).repeat(count));
  });
});

const FIXTURES: [string, string, Decoded[]][] = [
  ["one frame", "000000060000000 04f4b", [[0, "OK"]]],
  ["no data", "0000000400000001", [[1, ""]]],
  [
    "three frames",
    "00000006000000004f4b 0000000500000001 78 0000000f000000005f6865617274626561745f",
    [
      [0, "OK"],
      [1, "x"],
      [0, "_heartbeat_"],
    ],
  ],
  [
    "any type and bytes",
    "00000006 7fffffff 00ff 00000004 ffffffff",
    [
      [2 ** 31 - 1, "\0\xff"],
      [-1, ""],
    ],
  ],
  ["a size below 4", "00000006000000004f4b 00000003 00000000", [[0, "OK"], "malformed"]],
  ["a size of 0", "00000000", ["malformed"]],
  ["a negative size", "ffffffff", ["malformed"]],
  ["an unfinished frame", "00000006000000004f", []],
];

describe("FrameDecoder", () => {
  it.each(FIXTURES)("[FRAME2] %s: the same frames come out of a stream cut at every byte", (_, hex, frames) => {
    for (const { name, pieces } of everyCut(fromHex(hex))) expect(decode(pieces), name).toEqual(frames);
  });

  it("[FRAME2] frames of many sizes come out of random pieces", () => {
    const random = new Random(21);
    const texts = Array.from({ length: 100 }, () => textOf(random.bytes(random.int(200))));
    const stream = bytesOf(texts.map((text) => textOf(responseFrame(text))).join(""));
    const frames = texts.map((text): Decoded => [0, text]);
    for (const { name, pieces } of randomCuts(stream, 22)) expect(decode(pieces), name).toEqual(frames);
  });

  it("[FRAME2] a malformed stream stays malformed", () => {
    const decoder = new FrameDecoder();
    decoder.push(fromHex("00000003"));
    expect(decoder.next()).toBe("malformed");
    decoder.push(OK_FRAME);
    expect(decoder.next()).toBe("malformed");
  });
});
