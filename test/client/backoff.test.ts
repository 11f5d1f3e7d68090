import { describe, expect, it } from "vitest";
import { Backoff } from "../../src/client/backoff.ts";

const CONFIG = { backoffStrategy: "exponential", backoffMultiplier: 1_000, maxBackoffDuration: 120_000 } as const;

/** The pauses, ms, that failures cause one after the other, each when the pause before is over. */
function pauses(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => {
    const step = backoff.signal("failure");
    backoff.resume();
    return typeof step === "object" ? step.pauseMs : Number.NaN;
  });
}

describe("backoff", () => {
  it("[CLIENT5] doubles with each failure, as long as that is within the maximum", () => {
    expect(pauses(new Backoff(CONFIG, Math.random), 8)).toEqual([
      ...[2_000, 4_000, 8_000, 16_000, 32_000, 64_000],
      ...[64_000, 64_000], // 128 s would be over the maximum, so the level stays
    ]);
  });

  it("[CLIENT5] with full jitter takes a part of that by chance", () => {
    const backoff = new Backoff({ ...CONFIG, backoffStrategy: "full_jitter" }, () => 0.25);
    expect(pauses(backoff, 3)).toEqual([500, 1_000, 2_000]);
  });

  it("[CLIENT5] goes back a level with each success, and is over at 0", () => {
    const backoff = new Backoff(CONFIG, Math.random);
    pauses(backoff, 2);
    expect(backoff.signal("success")).toEqual({ pauseMs: 2_000 });
    backoff.resume();
    expect(backoff.signal("success")).toBe("over");
    expect(backoff.signal("success")).toBe("nothing");
  });

  it("[CLIENT5] takes one step a pause, whatever else is answered in it", () => {
    const backoff = new Backoff(CONFIG, Math.random);
    backoff.signal("failure");
    expect([backoff.signal("failure"), backoff.signal("success"), backoff.level]).toEqual(["nothing", "nothing", 1]);
  });

  it("[CLIENT5] pauses once more when a message is requeued without being a failure", () => {
    const backoff = new Backoff(CONFIG, Math.random);
    expect(backoff.signal("continue")).toBe("nothing");
    pauses(backoff, 1);
    expect([backoff.signal("continue"), backoff.level]).toEqual([{ pauseMs: 2_000 }, 1]);
  });

  it("[CLIENT5] there is none when its maximum is 0", () => {
    const backoff = new Backoff({ ...CONFIG, maxBackoffDuration: 0 }, Math.random);
    expect([backoff.signal("failure"), backoff.level]).toEqual(["nothing", 0]);
  });
});
