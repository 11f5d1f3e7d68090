import { describe, expect, it } from "vitest";
import { initialSettings } from "../../src/session/connection.ts";
import { CONNECTION, DEFAULT_SETTINGS } from "../helpers/session.ts";

describe("initialSettings", () => {
  it("[IDN2] before IDENTIFY nsqd's defaults hold, and the address stands for client_id and hostname", () => {
    expect(initialSettings(CONNECTION, DEFAULT_SETTINGS)).toEqual({
      clientId: "192.0.2.7",
      hostname: "192.0.2.7",
      userAgent: "",
      topologyRegion: "",
      topologyZone: "",
      heartbeatIntervalMs: 30_000,
      outputBufferSize: 16_384,
      outputBufferTimeoutMs: 250,
      sampleRate: 0,
      msgTimeoutMs: 60_000,
      compression: "none",
      deflateLevel: 6,
    });
  });

  it.each([
    ["192.0.2.7:1", "192.0.2.7"],
    ["host.example:65535", "host.example"],
    ["2001:db8::1:4150", "2001:db8::1"],
    ["unknown", "unknown"],
  ])("[IDN2] the host of %s is %s", (remoteAddress, host) => {
    expect(initialSettings({ ...CONNECTION, remoteAddress }, DEFAULT_SETTINGS).clientId).toBe(host);
  });
});
