import { describe, expect, it } from "vitest";
import { configValue, flagOf, levelNumber, parseOptions } from "../src/options.ts";

const DEFAULTS = {
  logLevel: "info",
  logPrefix: "[nsqd] ",
  broadcastAddress: "",
  broadcastTcpPort: 0,
  broadcastHttpPort: 0,
  topologyRegion: "",
  topologyZone: "",
  memQueueSize: 10_000,
  syncEvery: 2_500,
  syncTimeout: 1_000,
  linger: 0,
  maxTopicBytes: 8_589_934_592,
  msgTimeout: 60_000,
  maxMsgTimeout: 900_000,
  maxMsgSize: 1_048_576,
  maxBodySize: 5_242_880,
  maxReqTimeout: 3_600_000,
  maxHeartbeatInterval: 60_000,
  maxRdyCount: 2_500,
  maxOutputBufferSize: 65_536,
  maxOutputBufferTimeout: 30_000,
  minOutputBufferTimeout: 25,
  outputBufferTimeout: 250,
  maxChannelConsumers: 0,
  e2eProcessingLatencyPercentile: [],
  e2eProcessingLatencyWindowTime: 600_000,
  inactiveProducerTimeout: 300_000,
  tombstoneLifetime: 45_000,
  notificationHttpEndpoint: "",
  adminUser: [],
  authHttpAddress: [],
  authHttpRequestMethod: "get",
  httpClientRequestTimeout: 5_000,
  authTokens: "",
  authSecret: "",
  authJwtSecret: "",
  authJwksUrl: "",
  authJwtIssuer: "",
  authJwtAudience: "",
  authJwtClaim: "authorizations",
  authClockSkew: 30_000,
  authRevoked: [],
  authMaxTokenTtl: 86_400_000,
  authSessionTtl: 28_800_000,
  authAccessTeam: "",
  authAccessAudience: "",
  allowedOrigins: [],
  deflate: true,
  maxDeflateLevel: 6,
  snappy: true,
  open: false,
};

describe("options", () => {
  it("[OPT1] have nsqd's defaults where nothing is set", () => {
    expect(parseOptions({})).toEqual(DEFAULTS);
    expect(parseOptions({ "max-msg-size": "", unrelated: {} })).toEqual(DEFAULTS);
  });

  it.each([
    ["max-rdy-count", 100],
    ["max-rdy-count", "100"],
    ["max_rdy_count", "100"],
    ["MAX_RDY_COUNT", "100"],
  ])("[OPT1] are found under nsqd's name, with - or _ and in any case: %s = %j", (name, value) => {
    expect(parseOptions({ [name]: value })).toEqual({ ...DEFAULTS, maxRdyCount: 100 });
  });

  it.each([
    ["90s", 90_000],
    ["1m30s", 90_000],
    ["1.5m", 90_000],
    ["250ms", 250],
    ["1h", 3_600_000],
  ])("[OPT1] durations are written as in Go: %s", (text, ms) => {
    expect(parseOptions({ "msg-timeout": text }).msgTimeout).toBe(ms);
  });

  it.each([
    ["max-msg-size", "0", '--max-msg-size is "0"; it must be a whole number from 1 to 1999958'],
    ["max-msg-size", "2000000", '--max-msg-size is "2000000"; it must be a whole number from 1 to 1999958'],
    ["max-rdy-count", "many", '--max-rdy-count is "many"; it must be a whole number from 1 to 1000000'],
    ["max-rdy-count", "-1", '--max-rdy-count is "-1"; it must be a whole number from 1 to 1000000'],
    ["max-deflate-level", "10", '--max-deflate-level is "10"; it must be a whole number from 1 to 9'],
    ["msg-timeout", "60", '--msg-timeout is "60"; it must be a duration like 90s or 1m30s, from 1ms to 86400000ms'],
    ["msg-timeout", "25h", '--msg-timeout is "25h"; it must be a duration like 90s or 1m30s, from 1ms to 86400000ms'],
    ["deflate", "yes", '--deflate is "yes"; it must be true or false'],
    ["auth-http-request-method", "GET", '--auth-http-request-method is "GET"; it must be one of get, post'],
    [
      "e2e-processing-latency-percentile",
      "0.99,1.5",
      '--e2e-processing-latency-percentile is "0.99,1.5"; it must be numbers above 0, up to 1, separated by commas, like 0.99,0.5',
    ],
    [
      "e2e-processing-latency-percentile",
      "0",
      '--e2e-processing-latency-percentile is "0"; it must be numbers above 0, up to 1, separated by commas, like 0.99,0.5',
    ],
    [
      "e2e-processing-latency-percentile",
      "99%",
      '--e2e-processing-latency-percentile is "99%"; it must be numbers above 0, up to 1, separated by commas, like 0.99,0.5',
    ],
    ["log-level", "loud", '--log-level is "loud"; it must be one of debug, info, warn, error, fatal'],
  ])("[OPT1] a wrong value is refused with the name of its flag: %s = %s", (name, value, message) => {
    expect(() => parseOptions({ [name]: value })).toThrow(message);
  });

  it.each([
    ["max_body_size", { text: "5242880", isJson: true }],
    ["msg_timeout", { text: "60000000000", isJson: true }],
    ["snappy", { text: "true", isJson: true }],
    ["log_level", { text: "2", isJson: true }],
    ["log_prefix", { text: "[nsqd] ", isJson: false }],
    ["auth_http_addresses", { text: "[]", isJson: true }],
    ["e2e_processing_latency_percentiles", { text: "[]", isJson: true }],
    ["e2e_processing_latency_window_time", { text: "600000000000", isJson: true }],
    ["auth_http_request_method", { text: "get", isJson: false }],
    ["max-body-size", null],
    ["toString", null],
    ["tls_cert", null],
  ])("[OPT1] /config shows them as nsqd does: %s", (name, shown) => {
    expect(configValue(parseOptions({}), name)).toEqual(shown);
  });

  it("[OPT1] lists are separated by commas", () => {
    const { authHttpAddress } = parseOptions({ "auth-http-address": " a:1, http://b/auth ,," });
    expect(authHttpAddress).toEqual(["a:1", "http://b/auth"]);
  });

  it.each(["auth_tokens", "auth_secret", "auth_jwt_secret"])("[AUTH12] /config has nothing of a secret: %s", (name) => {
    const options = parseOptions({ [name]: "hush" });
    expect(Object.values(options)).toContain("hush");
    expect(configValue(options, name)).toBeNull();
  });

  it("[OPT1] percentiles are a list of numbers, the highest first as in nsqd, each once", () => {
    const options = parseOptions({ "e2e-processing-latency-percentile": "0.99, .5,1,0.99,1e-1" });
    expect(options.e2eProcessingLatencyPercentile).toEqual([1, 0.99, 0.5, 0.1]);
    expect(configValue(options, "e2e_processing_latency_percentiles")?.text).toBe("[1,0.99,0.5,0.1]");
  });

  it("[OPT1] flags and levels are nsqd's", () => {
    expect(flagOf("maxMsgSize")).toBe("max-msg-size");
    expect((["debug", "info", "warn", "error", "fatal"] as const).map(levelNumber)).toEqual([1, 2, 3, 4, 5]);
  });
});
