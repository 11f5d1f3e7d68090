import { describe, expect, it } from "vitest";
import { ARE_YOU_THERE, END_OF_INPUT, HERE, parseLinkControl, takenControl } from "../../src/session/link-control.ts";

describe("link controls", () => {
  it("[CHN21] that the gateway is there is passed on", () => {
    expect(parseLinkControl(HERE)).toEqual({ kind: "here" });
    expect(parseLinkControl(ARE_YOU_THERE)).toBeNull(); // that is what the object asks
  });

  it("[SES6] the end of a client's input is passed on", () => {
    expect(parseLinkControl(END_OF_INPUT)).toEqual({ kind: "end" });
  });

  it.each([0, 1, 1234, 2 ** 40])("[DOOR3] that %i bytes were taken is passed on", (bytes) => {
    expect(parseLinkControl(takenControl(bytes))).toEqual({ kind: "taken", bytes });
  });

  it.each([
    "",
    "END",
    "end ",
    " end",
    "ended",
    "taken",
    "taken ",
    "taken x",
    "taken -1",
    "taken 1.5",
    "taken 1 2",
    "taken 1\n",
    "xtaken 1",
  ])("[DOOR3] %j is no control", (text) => {
    expect(parseLinkControl(text)).toBeNull();
  });
});
