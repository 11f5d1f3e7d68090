import { reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditAnswer, AuditEntry } from "../../src/admin/api.ts";
import { Lookup } from "../../src/durable/Lookup.ts";
import { Notifier } from "../../src/durable/notifier.ts";
import { LOOKUP_OBJECT } from "../../src/durable/object-names.ts";
import { Topic } from "../../src/durable/Topic.ts";
import { post, stats, until } from "./broker-api.ts";
import { kill } from "./objects.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // failures are logged
});

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

/** Action, topic and outcome of what is written down. */
async function trail(): Promise<string[]> {
  const response = await exports.default.fetch("http://broker/admin/api/audit");
  const { entries } = (await response.json()) as AuditAnswer;
  return entries.map(({ action, topic, outcome }: AuditEntry) => `${action} ${topic} ${outcome}`);
}

async function killLookup(): Promise<void> {
  await kill(env.LOOKUP.getByName(LOOKUP_OBJECT) as unknown as Parameters<typeof kill>[0]);
}

const order = (action: string) => post("/admin/api/topics/t", JSON.stringify({ action }));

describe("the audit trail", () => {
  it("[ADM3] outlives the object that writes it", async () => {
    await post("/topic/create?topic=t");
    await order("pause");
    await killLookup();
    await order("unpause");
    await killLookup();
    expect(await trail()).toEqual(["unpause_topic t done", "pause_topic t done"]);
  });

  it("[ADM3] has an action while it is under way", async () => {
    await post("/topic/create?topic=t");
    const seen: string[][] = [];
    vi.spyOn(Topic.prototype, "setPaused").mockImplementation((async () => {
      seen.push(await trail());
      return true;
    }) as unknown as Topic["setPaused"]);
    await order("pause");
    expect(seen).toEqual([["pause_topic t "]]);
  });

  it("[ADM3] what cannot be written down is not carried out", async () => {
    await post("/topic/create?topic=t");
    vi.spyOn(Lookup.prototype, "recordAction").mockImplementation(() => {
      throw new Error("no storage");
    });
    expect(await order("pause")).toEqual({ status: 500, text: '{"message":"INTERNAL_ERROR"}' });
    expect(await stats("t")).toMatchObject({ paused: false });
  });

  it("[ADM3] an outcome that cannot be written down changes no answer", async () => {
    await post("/topic/create?topic=t");
    vi.spyOn(Lookup.prototype, "settleAction").mockImplementation(() => {
      throw new Error("no storage");
    });
    expect(await order("pause")).toEqual({ status: 200, text: '{"message":""}' });
    expect(await trail()).toEqual(["pause_topic t "]);
  });

  it("[ADM3] an action that fails inside is written down as such, and is a warning as if the node had not answered", async () => {
    await post("/topic/create?topic=t");
    vi.spyOn(Topic.prototype, "setPaused").mockImplementation(() => {
      throw new Error("secret detail");
    });
    const message = "WARNING: ERROR querying http://broker:80: no answer";
    expect(await order("pause")).toEqual({ status: 200, text: JSON.stringify({ message }) });
    vi.spyOn(Lookup.prototype, "createTopic").mockImplementation(() => {
      throw new Error("secret detail");
    });
    expect(await post("/admin/api/topics", '{"topic":"u"}')).toMatchObject({ status: 500 });
    expect(await trail()).toEqual(["create_topic u INTERNAL_ERROR", `pause_topic t ${message}`]);
  });
});

describe("Notifier", () => {
  const settled = {
    ...{ id: 1, timestamp: 1_700_000_000, user: "", remote_ip: "", user_agent: "", url: "http://broker:4151/x" },
    ...{ action: "create_topic", topic: "t", channel: "", node: "", message_id: "", outcome: "done" },
  };

  it("[ADM3] tells one after the other, and goes on after a failure", async () => {
    const told: string[] = [];
    const logged: string[] = [];
    let underWay = 0;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_url, init) => {
      underWay++;
      expect(underWay).toBe(1);
      const { topic } = JSON.parse(init?.body as string) as { topic: string };
      await scheduler.wait(1);
      told.push(topic);
      underWay--;
      if (topic === "b") throw new Error("no connection");
      return new Response(null, { status: topic === "c" ? 404 : 200 });
    });
    const notifier = new Notifier("http://elsewhere/", (what) => logged.push(what));
    for (const topic of ["a", "b", "c", "d"]) notifier.tell({ ...settled, topic });
    await until(
      async () => told.length,
      (count) => count === 4,
    );
    expect(told).toEqual(["a", "b", "c", "d"]);
    expect(logged).toEqual(["a notification did not arrive", "a notification was refused"]);
  });

  it("[ADM3] tells nobody when there is nobody to tell, nor of what failed", async () => {
    const topics: string[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_url, init) => {
      topics.push((JSON.parse(init?.body as string) as { topic: string }).topic);
      return new Response(null);
    });
    new Notifier("", () => {}).tell({ ...settled, topic: "untold" });
    const notifier = new Notifier("http://elsewhere/", () => {});
    notifier.tell({ ...settled, topic: "failed", outcome: "INTERNAL_ERROR" });
    notifier.tell({ ...settled, topic: "made" });
    await until(
      async () => topics,
      (told) => told.includes("made"),
    );
    expect(topics).toEqual(["made"]);
  });

  it("[ADM3] says what nsqadmin says, without what is empty", async () => {
    const bodies: unknown[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_url, init) => {
      bodies.push(JSON.parse(init?.body as string));
      return new Response(null);
    });
    const notifier = new Notifier("http://elsewhere/", () => {});
    notifier.tell(settled);
    notifier.tell({ ...settled, action: "pause_channel", channel: "c", outcome: "CHANNEL_NOT_FOUND" });
    notifier.tell({ ...settled, action: "tombstone_topic_producer", node: "n:1", user: "bob", outcome: "WARNING: x" });
    await until(
      async () => bodies.length,
      (count) => count === 3,
    );
    const { timestamp, url } = settled;
    const rest = { topic: "t", timestamp, remote_ip: "", user_agent: "", url, via: "broker" };
    expect(bodies).toEqual([
      { ...rest, action: "create_topic" },
      { ...rest, action: "pause_channel", channel: "c" },
      { ...rest, action: "tombstone_topic_producer", node: "n:1", user: "bob" },
    ]);
  });

  it("[ADM3] keeps a thousand for who is slow, and drops with a line in the log what comes on top", async () => {
    let answer: (() => void) | null = null;
    let told = 0;
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
      told++;
      if (told === 1) {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      }
      return new Response(null);
    });
    const logged: string[] = [];
    const notifier = new Notifier("http://elsewhere/", (what) => logged.push(what));
    for (let id = 1; id <= 1_001; id++) notifier.tell({ ...settled, id });
    expect(logged).toEqual(["the endpoint of notifications is not told of action 1001"]);
    await until(
      async () => answer,
      (found) => found !== null,
    );
    (answer as unknown as () => void)();
    await until(
      async () => told,
      (count) => count === 1_000,
    );
    notifier.tell(settled);
    await until(
      async () => told,
      (count) => count === 1_001,
    );
    expect(logged.length).toBe(1);
  });
});
