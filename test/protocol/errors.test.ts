import { describe, expect, it } from "vitest";
import { clientError, type ErrorCode, isFatal } from "../../src/protocol/errors.ts";

const FATAL: ErrorCode[] = [
  "E_BAD_PROTOCOL",
  "E_INVALID",
  "E_BAD_BODY",
  "E_IDENTIFY_FAILED",
  "E_BAD_TOPIC",
  "E_BAD_CHANNEL",
  "E_BAD_MESSAGE",
  "E_PUB_FAILED",
  "E_MPUB_FAILED",
  "E_DPUB_FAILED",
  "E_SUB_FAILED",
  "E_AUTH_DISABLED",
];

describe("isFatal", () => {
  it.each(FATAL)("[SES4] %s closes the connection", (code) => {
    expect(isFatal(clientError(code, "text"))).toBe(true);
  });

  it.each<ErrorCode>(["E_FIN_FAILED", "E_REQ_FAILED", "E_TOUCH_FAILED"])("[SES4] %s leaves it open", (code) => {
    expect(isFatal(clientError(code, "text"))).toBe(false);
  });
});
