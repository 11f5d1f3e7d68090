// Each fault of the calls to Lookup, and of its storage. Only what Lookup is asked for may suffer.

import { reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOOKUP_OBJECT } from "../../src/durable/object-names.ts";
import { Random } from "../helpers/random.ts";
import { post, publish, topicStub } from "./broker-api.ts";
import { CALLS, STORAGE } from "./fault-points.ts";
import { Faults } from "./faults.ts";
import { ask, ring } from "./model-orders.ts";
import { kill } from "./objects.ts";
import { V1Client } from "./v1-client.ts";

type Question = ["GET" | "POST" | "PUT", string, string?];

/** What makes the Worker call each method of Lookup. */
const QUESTIONS: Record<string, Question> = {
  ownTopics: ["GET", "/stats?format=json&include_mem=false"],
  lookup: ["GET", "/lookup?topic=t"],
  topicsAsJson: ["GET", "/topics"],
  channels: ["GET", "/channels?topic=t"],
  channelsOf: ["GET", "/admin/api/topics?inactive=true"],
  nodes: ["GET", "/nodes"],
  debug: ["GET", "/debug"],
  createTopic: ["POST", "/lookupd/topic/create?topic=x"],
  createChannel: ["POST", "/lookupd/channel/create?topic=x&channel=y"],
  deleteTopic: ["POST", "/lookupd/topic/delete?topic=x"],
  deleteChannel: ["POST", "/lookupd/channel/delete?topic=t&channel=c"],
  tombstone: ["POST", "/topic/tombstone?topic=t&node=a:1"],
  recordAction: ["POST", "/admin/api/topics/t", '{"action":"pause"}'],
  settleAction: ["POST", "/admin/api/topics/t", '{"action":"unpause"}'],
  auditPage: ["GET", "/admin/api/audit"],
  logLevel: ["GET", "/config/log_level"],
  setLogLevel: ["PUT", "/config/log_level", "error"],
};
const ROUNDS = 12;

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // faults are logged
});

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const calls = CALLS.filter(({ run, method }) => run === "lookup" && method in QUESTIONS).flatMap((point) =>
  point.faults.map((fault) => ({ ...point, fault, point })),
);

describe("a question to Lookup", () => {
  it.each(calls)(
    "[HTTP3] [DUR8] that is $fault, $method, is answered as such, or as always",
    async ({ point, fault }) => {
      await publish("t", "x");
      await post("/channel/create?topic=t&channel=c");
      const question = QUESTIONS[point.method] as Question;
      const faults = Faults.ofCall(point, fault, new Random(1));
      for (let round = 0; round < ROUNDS; round++) {
        const { status } = await ask(...question);
        if (fault !== "repeated") expect([200, 404, 500]).toContain(status);
        else expect(status).toBeLessThan(500);
      }
      faults.stop();
      expect(faults.count, "the point was never met").toBeGreaterThan(0);
      expect((await ask(...question)).status).toBeLessThan(500);
    },
  );

  it("[HTTP3] that is no question, but a WebSocket, is refused without a word of why", async () => {
    const point = CALLS.find(({ to, method }) => to === "Lookup" && method === "fetch");
    if (!point) throw new Error("no such point");
    const faults = Faults.ofCall(point, "lost", new Random(1));
    const open = () => exports.default.fetch("http://broker/v1", { headers: { Upgrade: "websocket" } });
    const answers = await Promise.all(Array.from({ length: ROUNDS }, open));
    for (const answer of answers.filter(({ status }) => status !== 101)) {
      expect([answer.status, await answer.text()]).toEqual([500, '{"message":"INTERNAL_ERROR"}']);
    }
    for (const { webSocket } of answers) webSocket?.accept();
    expect(faults.count, "the point was never met").toBeGreaterThan(0);
  });
});

/** Registers a topic from elsewhere. False when the connection was lost. */
async function register(topic: string): Promise<boolean> {
  try {
    const client = await V1Client.producer("elsewhere");
    const reply = await client.say(`REGISTER ${topic}`);
    if (reply === "OK") return true;
    expect(reply).toBe("closed");
  } catch (error) {
    expect(String(error)).toMatch(/no WebSocket: 500|after close/);
  }
  return false;
}

describe("the storage of Lookup", () => {
  it.each(STORAGE.filter(({ run }) => run === "lookup"))(
    "[DUR10] [LKP8] throws, $what: topics work, and what was confirmed is found",
    async (point) => {
      const faults = await Faults.ofStorage(point, new Random(1));
      const lookup = env.LOOKUP.getByName(LOOKUP_OBJECT);
      const confirmed: string[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await publish(`own${round}`, "x");
        if ((await ask("POST", `/lookupd/topic/create?topic=made${round}`)).status === 200)
          confirmed.push(`made${round}`);
        if ((await ask("POST", "/admin/api/topics", `{"topic":"ordered${round}"}`)).status === 200)
          confirmed.push(`ordered${round}`);
        if (await register(`registered${round}`)) confirmed.push(`registered${round}`);
        if (round % 3 === 0) await kill(lookup as unknown as Parameters<typeof kill>[0]);
      }
      faults.stop();
      expect(faults.count, "the point was never met").toBeGreaterThan(0);
      for (let round = 0; round < ROUNDS; round++) await ring(() => topicStub(`own${round}`), Number.POSITIVE_INFINITY);
      const own = Array.from({ length: ROUNDS }, (_, round) => `own${round}`);
      const { topics } = JSON.parse((await ask("GET", "/topics")).text) as { topics: string[] };
      expect(topics).toEqual(expect.arrayContaining([...own, ...confirmed]));
    },
  );
});
