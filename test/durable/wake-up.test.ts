import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AlarmClock } from "../../src/durable/alarm-clock.ts";
import { Delay } from "../../src/durable/delay.ts";
import { Usage } from "../../src/durable/usage.ts";
import { WakeUp } from "../../src/durable/wake-up.ts";
import { Random } from "../helpers/random.ts";
import { publish } from "./broker-api.ts";
import { V2Client } from "./v2-client.ts";

const START = 1_800_000_000_000;
const MINUTE_MS = 60_000;

/** A WakeUp whose calls are noted, and the alarms that were set; instants are counted from the start. */
class Rig {
  readonly calls: number[] = [];
  readonly alarms: number[] = [];
  readonly wakeUp: WakeUp;

  constructor() {
    const storage = { setAlarm: async (at: number) => void this.alarms.push(at - START) };
    const alarm = new AlarmClock(storage as unknown as DurableObjectStorage, new Usage(), () => {});
    this.wakeUp = new WakeUp(alarm, () => this.calls.push(Date.now() - START));
  }

  arrange(at: number, awakeUntil: number | null = null): void {
    this.wakeUp.arrange(START + at, Date.now(), awakeUntil === null ? null : START + awakeUntil);
  }
}

/** An object to which things fall due, and that saves some time after some events, as a channel does: how late is it? */
class DueObject {
  readonly lateness: number[] = [];
  readonly #saveDelay: Delay;
  readonly #wakeUp: WakeUp;
  #due: number[] = [];

  constructor(saveDelayMs: number) {
    this.#saveDelay = new Delay(saveDelayMs, () => this.#proceed());
    let timer: ReturnType<typeof setTimeout> | undefined;
    const setAlarm = async (at: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        alarm.rang();
        this.#proceed();
      }, at - Date.now());
    };
    const alarm = new AlarmClock({ setAlarm } as unknown as DurableObjectStorage, new Usage(), () => {});
    this.#wakeUp = new WakeUp(alarm, () => this.#proceed());
  }

  add(at: number, mustSave: boolean): void {
    this.#due.push(at);
    if (mustSave) this.#saveDelay.start(Date.now());
    this.#proceed();
  }

  /** What an object does after each event. */
  #proceed(): void {
    const now = Date.now();
    for (const at of this.#due) if (at <= now) this.lateness.push(now - at);
    this.#due = this.#due.filter((at) => at > now);
    this.#wakeUp.arrange(Math.min(...this.#due), now, this.#saveDelay.dueAt);
  }
}

describe("WakeUp", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: START });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("[DUR7] what is due soon is waited for with a timer, what is due later with the alarm", () => {
    const rig = new Rig();
    rig.arrange(MINUTE_MS);
    expect([vi.getTimerCount(), rig.alarms]).toEqual([0, [MINUTE_MS]]);
    rig.arrange(1_000);
    expect([vi.getTimerCount(), rig.alarms]).toEqual([1, [MINUTE_MS]]);
    vi.advanceTimersByTime(999);
    expect(rig.calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rig.calls).toEqual([1_000]);
  });

  it("[CHN8] [CHN10] [HB1] what is due while the object is awake anyway is punctual, however long it is awake", () => {
    const rig = new Rig();
    rig.arrange(5_000, MINUTE_MS);
    vi.advanceTimersByTime(4_999);
    expect(rig.calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect([rig.calls, rig.alarms]).toEqual([[5_000], []]);
    rig.arrange(MINUTE_MS, MINUTE_MS);
    vi.advanceTimersByTime(MINUTE_MS);
    expect([rig.calls, rig.alarms]).toEqual([[5_000, MINUTE_MS], []]);
  });

  it("[DUR7] what is due after that costs nothing until the object asks again", () => {
    const rig = new Rig();
    rig.arrange(MINUTE_MS, 10_000);
    expect([vi.getTimerCount(), rig.alarms]).toEqual([0, []]);
    vi.advanceTimersByTime(10_000);
    rig.arrange(MINUTE_MS);
    expect([vi.getTimerCount(), rig.alarms]).toEqual([0, [MINUTE_MS]]);
  });

  it("[CHN8] what is due first counts, in whatever order it is said", () => {
    const rig = new Rig();
    rig.arrange(900);
    rig.arrange(300);
    rig.arrange(600);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(300);
    expect([rig.calls, vi.getTimerCount()]).toEqual([[300], 0]);
    rig.arrange(MINUTE_MS);
    rig.arrange(2 * MINUTE_MS);
    expect(rig.alarms).toEqual([MINUTE_MS]);
  });

  it("[CHN8] what is overdue is seen to at once, though never within the call", () => {
    const rig = new Rig();
    rig.arrange(-5);
    expect(rig.calls).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(rig.calls).toEqual([0]);
  });

  it("[DUR7] without anything due there is neither timer nor alarm, nor when it was called off", () => {
    const rig = new Rig();
    rig.arrange(Number.POSITIVE_INFINITY);
    rig.arrange(Number.POSITIVE_INFINITY, 1_000);
    rig.arrange(500);
    rig.wakeUp.cancel();
    vi.advanceTimersByTime(2 * MINUTE_MS);
    expect([rig.calls, rig.alarms]).toEqual([[], []]);
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))("[CHN8] [HB1] nothing is ever late: seed %i", (seed) => {
    const random = new Random(seed);
    const object = new DueObject(random.pick([10, 1_000, 5_000, MINUTE_MS]));
    for (let step = 0; step < 200; step++) {
      object.add(Date.now() + 1 + random.int(random.pick([500, 5_000, 200_000])), random.chance(30));
      vi.advanceTimersByTime(random.int(random.pick([100, 3_000, 100_000])));
    }
    vi.advanceTimersByTime(200_000);
    expect(object.lateness).toEqual(Array(200).fill(0));
  });
});

describe("a channel that saves seldom", () => {
  beforeEach(() => {
    Object.assign(env, { "sync-timeout": "1m" });
  });

  afterEach(async () => {
    Object.assign(env, { "sync-timeout": "10ms" });
    await reset();
  });

  it("[CHN8] [CHN10] lets messages time out and fall due in time", async () => {
    const client = await V2Client.consumer("t", "c", { msg_timeout: 1_200 });
    client.send("RDY 2");
    await client.settled();
    const start = Date.now();
    await publish("t", "deferred", 1_100);
    await publish("t", "x");
    expect(await client.message()).toMatchObject({ body: "x", attempts: 1 });
    expect(await client.message()).toMatchObject({ body: "deferred", attempts: 1 });
    expect(await client.message()).toMatchObject({ body: "x", attempts: 2 });
    expect(Date.now() - start).toBeGreaterThanOrEqual(1_200);
    client.close();
  });

  it("[HB1] sends heartbeats in time", async () => {
    const other = await V2Client.consumer("t", "c");
    other.send("RDY 1");
    await publish("t", "x");
    const { id } = await other.message();
    other.send(`FIN ${id}`);
    await other.settled(); // that is to be saved
    const client = await V2Client.consumer("t", "c", { heartbeat_interval: 1_100 });
    expect(await client.next()).toEqual({ response: "_heartbeat_" });
    for (const each of [client, other]) each.close();
  });
});
