import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/protocol/bytes.ts";
import { type ClientError, clientError } from "../../src/protocol/errors.ts";
import {
  type ClientSettings,
  decodeIdentify,
  type IdentifyRequest,
  type NegotiationLimits,
  negotiate,
} from "../../src/protocol/identify.ts";
import { initialSettings } from "../../src/session/connection.ts";
import { CONNECTION, DEFAULT_SETTINGS, sessionLimits } from "../helpers/session.ts";

const INITIAL = initialSettings(CONNECTION, DEFAULT_SETTINGS);
const NEGOTIATES = { feature_negotiation: true };
/** What nsqd answers by default. */
const DEFAULT_REPLY = {
  max_rdy_count: 2500,
  version: "1.3.0",
  max_msg_timeout: 900_000,
  msg_timeout: 60_000,
  tls_v1: false,
  deflate: false,
  deflate_level: 6,
  max_deflate_level: 6,
  snappy: false,
  sample_rate: 0,
  auth_required: false,
  output_buffer_size: 16_384,
  output_buffer_timeout: 250,
  topology_region: "",
  topology_zone: "",
};

function request(fields: object = {}): IdentifyRequest {
  const decoded = decodeIdentify(utf8(JSON.stringify(fields)));
  if (decoded === null) throw new Error("the request does not decode");
  return decoded;
}

function settle(fields: object, limits: Partial<NegotiationLimits> = {}, current: ClientSettings = INITIAL) {
  return negotiate(request(fields), current, sessionLimits(limits));
}

/** What is settled by a request that is fine. */
function settled(fields: object, limits: Partial<NegotiationLimits> = {}, current: ClientSettings = INITIAL) {
  const negotiated = settle(fields, limits, current);
  if ("code" in negotiated) throw new Error(negotiated.text);
  return negotiated;
}

function badBody(text: string): ClientError {
  return clientError("E_BAD_BODY", text);
}

describe("decodeIdentify", () => {
  it("[IDN1] every field that nsqd knows is decoded", () => {
    const fields = {
      client_id: "id",
      hostname: "host",
      user_agent: "agent/1",
      topology_region: "region",
      topology_zone: "zone",
      feature_negotiation: true,
      tls_v1: true,
      deflate: true,
      snappy: true,
      deflate_level: 3,
      heartbeat_interval: 1000,
      output_buffer_size: 64,
      output_buffer_timeout: 25,
      sample_rate: 9,
      msg_timeout: 1001,
    };
    expect(request({ ...fields, short_id: "old", long_id: "older" })).toEqual(fields);
  });

  it("[IDN1] an absent field has its zero value", () => {
    expect(request()).toEqual({
      client_id: "",
      hostname: "",
      user_agent: "",
      topology_region: "",
      topology_zone: "",
      feature_negotiation: false,
      tls_v1: false,
      deflate: false,
      snappy: false,
      deflate_level: 0,
      heartbeat_interval: 0,
      output_buffer_size: 0,
      output_buffer_timeout: 0,
      sample_rate: 0,
      msg_timeout: 0,
    });
  });

  it.each(["client_id", "hostname", "user_agent", "topology_region", "topology_zone"])(
    "[IDN1] %s must be a string",
    (key) => {
      expect(decodeIdentify(utf8(`{"${key}":3}`))).toBeNull();
    },
  );

  it.each(["feature_negotiation", "tls_v1", "deflate", "snappy"])("[IDN1] %s must be a bool", (key) => {
    expect(decodeIdentify(utf8(`{"${key}":1}`))).toBeNull();
  });

  it.each([
    "deflate_level",
    "heartbeat_interval",
    "output_buffer_size",
    "output_buffer_timeout",
    "sample_rate",
    "msg_timeout",
  ])("[IDN1] %s must be an integer", (key) => {
    for (const value of ['"6"', "1.5", "1000.0", "1e3", "true", "[]"]) {
      expect(decodeIdentify(utf8(`{"${key}":${value}}`)), value).toBeNull();
    }
  });
});

/** Key, what the error calls it, values that are fine, values that are not. */
const RANGES: [string, string, number[], number[]][] = [
  ["heartbeat_interval", "heartbeat interval", [-1, 0, 1000, 1001, 60_000], [-2, 1, 999, 60_001]],
  ["output_buffer_timeout", "output buffer timeout", [-1, 0, 25, 30_000], [-2, 1, 24, 30_001]],
  ["output_buffer_size", "output buffer size", [-1, 0, 64, 65_536], [-2, 1, 63, 65_537]],
  ["sample_rate", "sample rate", [0, 1, 99], [-1, 100, 2_147_483_647, -2_147_483_648]],
  ["msg_timeout", "msg timeout", [0, 1000, 900_000], [-1, 1, 999, 900_001]],
];

describe("negotiate: ranges", () => {
  for (const [key, what, fine, wrong] of RANGES) {
    it.each(fine)(`[IDN2] ${key} may be %i`, (value) => {
      expect(settle({ [key]: value })).toHaveProperty("settings");
    });

    it.each(wrong)(`[IDN2] ${key} may not be %i, whether features are negotiated or not`, (value) => {
      const error = badBody(`IDENTIFY ${what} (${value}) is invalid`);
      expect(settle({ [key]: value })).toEqual(error);
      expect(settle({ ...NEGOTIATES, [key]: value })).toEqual(error);
    });
  }

  it("[IDN2] of several wrong values the first in nsqd's order is named", () => {
    for (let mask = 1; mask < 2 ** RANGES.length; mask++) {
      const wrong = RANGES.filter((_, index) => mask & (1 << index));
      const fields = Object.fromEntries(wrong.map(([key, , , values]) => [key, values[0]]).reverse());
      const [, what, , [value]] = wrong[0] as (typeof RANGES)[number];
      const both = { ...NEGOTIATES, deflate: true, snappy: true, ...fields };
      expect(settle(both)).toEqual(badBody(`IDENTIFY ${what} (${value}) is invalid`));
    }
  });

  it("[IDN2] the limits are the server's", () => {
    const limits = { maxHeartbeatIntervalMs: 2000, maxMsgTimeoutMs: 5000, maxOutputBufferSize: 100 };
    const timeouts = { minOutputBufferTimeoutMs: 10, maxOutputBufferTimeoutMs: 20 };
    const most = { heartbeat_interval: 2000, msg_timeout: 5000, output_buffer_size: 100, output_buffer_timeout: 20 };
    expect(settle(most, { ...limits, ...timeouts })).toHaveProperty("settings");
    for (const [key, value] of Object.entries(most)) {
      expect(settle({ [key]: value + 1 }, { ...limits, ...timeouts }), key).toHaveProperty("code", "E_BAD_BODY");
    }
    expect(settle({ output_buffer_timeout: 9 }, { ...limits, ...timeouts })).toHaveProperty("code", "E_BAD_BODY");
  });
});

describe("negotiate: settings", () => {
  it("[IDN2] what is asked for is what holds", () => {
    const asked = {
      client_id: "id",
      hostname: "host",
      user_agent: "agent/1",
      topology_region: "region",
      topology_zone: "zone",
      heartbeat_interval: 20_000,
      output_buffer_size: 1000,
      output_buffer_timeout: 100,
      sample_rate: 7,
      msg_timeout: 5000,
    };
    expect(settled(asked).settings).toEqual({
      clientId: "id",
      hostname: "host",
      userAgent: "agent/1",
      topologyRegion: "region",
      topologyZone: "zone",
      heartbeatIntervalMs: 20_000,
      outputBufferSize: 1000,
      outputBufferTimeoutMs: 100,
      sampleRate: 7,
      msgTimeoutMs: 5000,
      compression: "none",
      deflateLevel: 6,
    });
  });

  it("[SES7] of what a client says of itself 256 characters are kept", () => {
    const keys = ["client_id", "hostname", "user_agent", "topology_region", "topology_zone"];
    const { settings } = settled(Object.fromEntries(keys.map((key) => [key, `${"x".repeat(256)}y`])));
    const kept = { clientId: 256, hostname: 256, userAgent: 256, topologyRegion: 256, topologyZone: 256 };
    const lengths = Object.entries(settings).flatMap(([key, value]) =>
      key in kept ? [[key, String(value).length]] : [],
    );
    expect(Object.fromEntries(lengths)).toEqual(kept);
  });

  it("[IDN2] what is absent or 0 keeps numbers, but not texts, as they were", () => {
    const before = settled({ client_id: "id", heartbeat_interval: 2000, output_buffer_size: 100, msg_timeout: 3000 });
    const numbers = { ...before.settings, clientId: "", hostname: "" };
    expect(settled({}, {}, before.settings).settings).toEqual(numbers);
    const zeros = { heartbeat_interval: 0, output_buffer_size: 0, output_buffer_timeout: 0, msg_timeout: 0 };
    expect(settled(zeros, {}, before.settings).settings).toEqual(numbers);
  });

  it("[IDN2] an absent sample_rate turns sampling off", () => {
    const before = settled({ sample_rate: 5 }).settings;
    expect([before.sampleRate, settled({}, {}, before).settings.sampleRate]).toEqual([5, 0]);
  });

  it("[IDN2] -1 turns heartbeats, the buffer and its timer off", () => {
    expect(settled({ heartbeat_interval: -1 }).settings).toMatchObject({ heartbeatIntervalMs: 0 });
    expect(settled({ output_buffer_timeout: -1 }).settings).toMatchObject({
      outputBufferSize: 16_384,
      outputBufferTimeoutMs: 0,
    });
    const off = { output_buffer_size: -1, output_buffer_timeout: 100 };
    expect(settled(off).settings).toMatchObject({ outputBufferSize: 1, outputBufferTimeoutMs: 0 });
  });

  it("[IDN2] a buffer timeout that is wrong is named also when the buffer is off", () => {
    const error = badBody("IDENTIFY output buffer timeout (1) is invalid");
    expect(settle({ output_buffer_size: -1, output_buffer_timeout: 1 })).toEqual(error);
  });
});

describe("negotiate: reply", () => {
  it("[IDN3] without feature_negotiation the reply is OK", () => {
    expect(settled({ msg_timeout: 2000 }).reply).toBe("OK");
    expect(settled({ feature_negotiation: false }).reply).toBe("OK");
  });

  it("[IDN3] without feature_negotiation nothing is compressed, whatever is asked for", () => {
    const negotiated = settled({ deflate: true, snappy: true, tls_v1: true, deflate_level: 3 });
    expect(negotiated).toMatchObject({ reply: "OK", settings: { compression: "none", deflateLevel: 6 } });
  });

  it("[IDN3] with it the reply is JSON of nsqd's keys, in nsqd's order, without spaces", () => {
    expect(settled(NEGOTIATES).reply).toBe(JSON.stringify(DEFAULT_REPLY));
  });

  it("[IDN3] the reply has the values that hold now, and the server's topology", () => {
    const asked = {
      ...NEGOTIATES,
      sample_rate: 7,
      msg_timeout: 5000,
      output_buffer_size: 1000,
      output_buffer_timeout: 100,
      topology_region: "client's",
    };
    const limits = { version: "9", maxRdyCount: 50, maxMsgTimeoutMs: 6000, topologyRegion: "r", topologyZone: "z" };
    expect(JSON.parse(settled(asked, limits).reply)).toEqual({
      ...DEFAULT_REPLY,
      max_rdy_count: 50,
      version: "9",
      max_msg_timeout: 6000,
      msg_timeout: 5000,
      sample_rate: 7,
      output_buffer_size: 1000,
      output_buffer_timeout: 100,
      topology_region: "r",
      topology_zone: "z",
    });
  });

  it("[IDN3] a buffer that is off is reported as one byte without a timer", () => {
    const { reply } = settled({ ...NEGOTIATES, output_buffer_size: -1, output_buffer_timeout: 100 });
    expect(JSON.parse(reply)).toEqual({ ...DEFAULT_REPLY, output_buffer_size: 1, output_buffer_timeout: 0 });
  });

  it("[IDN3] TLS is not granted", () => {
    expect(JSON.parse(settled({ ...NEGOTIATES, tls_v1: true }).reply)).toEqual(DEFAULT_REPLY);
  });
});

describe("negotiate: compression", () => {
  it.each<[object, Partial<NegotiationLimits>, string, number]>([
    [{}, {}, "none", 6],
    [{ snappy: true }, {}, "snappy", 6],
    [{ deflate: true }, {}, "deflate", 6],
    [{ deflate: true, deflate_level: 1 }, {}, "deflate", 1],
    [{ deflate: true, deflate_level: 6 }, {}, "deflate", 6],
    [{ deflate: true, deflate_level: 9 }, {}, "deflate", 6],
    [{ deflate: true, deflate_level: 9 }, { maxDeflateLevel: 9 }, "deflate", 9],
    [{ deflate: true, deflate_level: 0 }, {}, "deflate", 6],
    [{ deflate: true, deflate_level: -3 }, {}, "deflate", 6],
    [{ deflate: true }, { maxDeflateLevel: 2 }, "deflate", 2],
    [{ deflate_level: 3 }, {}, "none", 6],
    [{ snappy: true, deflate_level: 3 }, {}, "snappy", 6],
    [{ deflate_level: 3 }, { maxDeflateLevel: 2 }, "none", 2],
    [{ deflate: true, deflate_level: 3 }, { deflate: false }, "none", 6],
    [{ snappy: true }, { snappy: false }, "none", 6],
    [{ deflate: true, snappy: true }, { deflate: false }, "snappy", 6],
    [{ deflate: true, snappy: true }, { snappy: false }, "deflate", 6],
  ])("[IDN3] asked for %j, with %j: %s, level %i", (asked, limits, compression, level) => {
    const { settings, reply } = settled({ ...NEGOTIATES, ...asked }, limits);
    expect(settings).toMatchObject({ compression, deflateLevel: level });
    expect(JSON.parse(reply)).toMatchObject({
      deflate: compression === "deflate",
      snappy: compression === "snappy",
      deflate_level: level,
    });
  });

  it("[IDN4] deflate and snappy exclude each other when both would be granted", () => {
    const error = clientError("E_IDENTIFY_FAILED", "cannot enable both deflate and snappy compression");
    expect(settle({ ...NEGOTIATES, deflate: true, snappy: true })).toEqual(error);
  });

  it("[IDN4] without feature_negotiation both may be asked for", () => {
    expect(settled({ deflate: true, snappy: true }).reply).toBe("OK");
  });
});
