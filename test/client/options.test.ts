import { describe, expect, it } from "vitest";
import { consumerConfig, producerConfig } from "../../src/client/options.ts";

describe("options", () => {
  it("[CLIENT1] have go-nsq's defaults", () => {
    expect(consumerConfig({})).toMatchObject({
      ...{ dialTimeout: 1_000, readTimeout: 60_000, heartbeatInterval: 30_000, maxMsgSize: 0 },
      ...{ lookupdPollInterval: 60_000, lookupdPollJitter: 0.3, lookupdPollTimeout: 60_000 },
      ...{ maxRequeueDelay: 900_000, defaultRequeueDelay: 90_000, maxAttempts: 5 },
      ...{ backoffStrategy: "exponential", maxBackoffDuration: 120_000, backoffMultiplier: 1_000 },
      ...{ lowRdyIdleTimeout: 10_000, lowRdyTimeout: 30_000, rdyRedistributeInterval: 5_000 },
      ...{
        maxInFlight: 1,
        msgTimeout: 0,
        sampleRate: 0,
        deflateLevel: 6,
        outputBufferSize: 16_384,
        outputBufferTimeout: 250,
      },
    });
  });

  it.each([
    ["maxInFlight", -1, "invalid option maxInFlight: -1 < 0"],
    ["maxAttempts", 65_536, "invalid option maxAttempts: 65536 > 65535"],
    ["maxAttempts", 1.5, "invalid option maxAttempts: 1.5 is not whole"],
    ["maxAttempts", "5", "invalid option maxAttempts: 5 is not a number"],
    ["lookupdPollJitter", 1.1, "invalid option lookupdPollJitter: 1.1 > 1"],
    ["lookupdPollInterval", 9, "invalid option lookupdPollInterval: 9 < 10"],
    ["deflateLevel", 0, "invalid option deflateLevel: 0 < 1"],
    ["backoffStrategy", "linear", "invalid option backoffStrategy: linear is neither exponential nor full_jitter"],
    ["heartbeatInterval", 60_001, "invalid option heartbeatInterval: 60001 > readTimeout, 60000"],
    ["autoTouch", 1, "invalid option autoTouch: 1 is not a boolean"],
    ["authSecret", 1, "invalid option authSecret: 1 is not a string or function"],
    ["maxInflight", 1, "invalid option maxInflight: there is no such option"],
  ])("[CLIENT1] are refused with name, value and bound: %s %s", (name, value, message) => {
    expect(() => consumerConfig({ [name]: value })).toThrow(message);
  });

  it("[CLIENT1] of a producer are not those of a consumer", () => {
    expect(() => producerConfig({ maxInFlight: 1 } as object)).toThrow("there is no such option");
  });

  it("[CLIENT1] that are undefined are not given", () => {
    expect(consumerConfig({ maxAttempts: undefined } as object).maxAttempts).toBe(5);
  });
});
