// Every call that /openapi.json describes, made as it says and otherwise. What is called, how, and what must come of it, is all read
// from the document.

import { createHash } from "node:crypto";
import { request } from "node:http";
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import type { Media, OpenApi, Operation, Parameter, Refusal, Reply } from "./openapi-document.ts";
import { operationsOf } from "./openapi-document.ts";

const ALL = [{ topic: ".*", channels: [".*"], permissions: ["publish", "subscribe", "admin", "read"] }];
const TOKENS = { everything: ALL, nothing: [] };
/** Values of which each schema that allows only some refuses at least one. */
const CANDIDATES = ["!", "x".repeat(65), "0", "-1", "9".repeat(17), "1.5", "nothing", "a/b"];
const OTHER_METHODS = ["PATCH"];
const VALIDATED = { strict: false, allErrors: true } as const;

let broker: BrokerProcess;
let ajv: Ajv2020;
let document: OpenApi;
/** What there is, by the names of parameters. */
let there: Record<string, string>;

beforeAll(async () => {
  const tokens = Object.entries(TOKENS).map(([identity, authorizations]) => ({
    identity,
    authorizations,
    sha256: createHash("sha256").update(`token-of-${identity}`).digest("hex"),
  }));
  const options = {
    open: "false",
    "auth-tokens": JSON.stringify(tokens),
    "auth-secret": "a secret of forty letters, at the very least",
    "max-msg-size": "2000",
    "max-body-size": "4000",
  };
  broker = await startBroker({ options });
  document = JSON.parse((await call("GET", "/openapi.json", { token: null })).body) as OpenApi;
  ajv = new Ajv2020(VALIDATED);
  ajv.addSchema({ $id: "openapi", ...document });
  const { node } = JSON.parse((await call("GET", "/admin/api/info")).body) as { node: string };
  there = { node };
});
afterAll(() => broker?.stop());

beforeEach(again);

interface Sent {
  readonly token?: string | null;
  readonly body?: string;
  readonly isUpgrade?: boolean;
}

/** Refusals of a body that was not read to its end may be lost with the connection, which is then reset. */
const RESETS = ["ECONNRESET", "EPIPE"];
const MAX_TRIES = 20;

/** Whether it is answered or upgraded. */
function call(method: string, target: string, sent: Sent = {}, tries = 1): Promise<Reply> {
  const { token = "token-of-everything", body = "", isUpgrade = false } = sent;
  const headers = {
    ...(token !== null && { Authorization: `Bearer ${token}` }),
    ...(method !== "GET" && { "Content-Length": Buffer.byteLength(body) }),
    ...(isUpgrade && {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": Buffer.alloc(16).toString("base64"),
    }),
  };
  const url = new URL(broker.http);
  return new Promise((resolve, reject) => {
    const asked = request({ host: url.hostname, port: url.port, path: target, method, headers, agent: false });
    asked.on("upgrade", (_, socket) => {
      socket.destroy();
      resolve({ status: 101, type: "", body: "" });
    });
    asked.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        const type = (response.headers["content-type"] ?? "").split(";")[0] as string;
        resolve({ status: response.statusCode as number, type, body: text });
      });
    });
    asked.on("error", (error: NodeJS.ErrnoException) => {
      if (RESETS.includes(error.code ?? "") && tries < MAX_TRIES) resolve(call(method, target, sent, tries + 1));
      else reject(error);
    });
    asked.end(method === "GET" ? "" : body);
  });
}

/** Fails unless an answer is one of those that the document has for the operation. */
function expectDocumented(operation: Operation, reply: Reply): void {
  expect(Object.keys(operation.responses), `${operation.call}: ${reply.body}`).toContain(String(reply.status));
  const response = resolved(operation.responses[reply.status]);
  expectContent(operation.call, response.content, reply);
}

function expectContent(of: string, content: Readonly<Record<string, Media>> | undefined, reply: Reply): void {
  if (reply.body === "") return;
  const type = reply.type === "" ? "application/json" : reply.type;
  expect(Object.keys(content ?? {}), of).toContain(type);
  const isValid = compiled(content?.[type]?.schema ?? {});
  isValid(type === "application/json" ? JSON.parse(reply.body) : reply.body);
  expect(isValid.errors, `${of}: ${reply.body}`).toBeNull();
}

function resolved<T extends object>(value: T | undefined): T {
  const { $ref } = (value ?? {}) as { $ref?: string };
  const name = $ref?.split("/").at(-1);
  return name === undefined ? (value as T) : (document.components.responses[name] as T);
}

const validators = new Map<string, ValidateFunction>();
function compiled(schema: object): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/', '"openapi#/');
  const known = validators.get(text) ?? ajv.compile(JSON.parse(text) as object);
  validators.set(text, known);
  return known;
}

/** What is sent for a parameter of the query is text. */
function allows(schema: { readonly type?: unknown }, text: string): boolean {
  const isValid = compiled(schema);
  return isValid(text) === true || (schema.type === "integer" && /^\d+$/.test(text) && isValid(Number(text)) === true);
}

type Values = Readonly<Record<string, string>>;

/** All required parameters, with what there is or what the document gives as an example. */
function required(operation: Operation): Values {
  const needed = operation.parameters.filter((each) => each.required);
  return Object.fromEntries(needed.map((each) => [each.name, example(each)]));
}

function example({ name, example: given }: Parameter): string {
  return there[name] ?? String(given);
}

function target(operation: Operation, values: Values): string {
  const isInPath = (name: string) => operation.parameters.some((each) => each.name === name && each.in === "path");
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] as string));
  const query = Object.entries(values).filter(([name]) => !isInPath(name));
  return query.length === 0 ? path : `${path}?${new URLSearchParams(query)}`;
}

function exampleBody({ requestBody }: Operation): string {
  const given = Object.values(requestBody?.content ?? {})[0]?.example ?? "";
  return typeof given === "string" ? given : JSON.stringify(given);
}

async function made(operation: Operation, values: Values, sent: Sent = {}): Promise<Reply> {
  const isUpgrade = "101" in operation.responses;
  const body = exampleBody(operation);
  const reply = await call(operation.method, target(operation, values), { isUpgrade, body, ...sent });
  expectDocumented(operation, reply);
  return reply;
}

function expectRefused(reply: Reply, { status, code }: Refusal, why: string): void {
  expect([why, reply.status, reply.body]).toEqual([why, status, JSON.stringify({ message: code })]);
}

/** The document is the same for all tests, but they are written down before the broker runs. */
async function eachOperation(check: (operation: Operation) => Promise<void>): Promise<void> {
  const operations = operationsOf(document);
  expect(operations.length).toBeGreaterThan(70);
  for (const operation of operations) await check(operation);
}

/** A topic and channel of the names that the document gives as examples, with a message: a call may have taken them away. */
async function again(): Promise<void> {
  await call("POST", "/topic/create?topic=orders");
  await call("POST", "/channel/create?topic=orders&channel=billing");
  await call("POST", "/lookupd/channel/create?topic=orders&channel=billing");
  await call("POST", "/pub?topic=orders", { body: "hello" });
  const page = await call("GET", "/admin/api/messages/orders/billing");
  there.id = (JSON.parse(page.body) as { messages: { id: string }[] }).messages[0]?.id as string;
}

describe("/openapi.json", () => {
  it("[OAS4] every call succeeds as it is described, and without any of what may be left out", () =>
    eachOperation(async (operation) => {
      const succeeds = async (values: Values) => {
        await again();
        const { status, body } = await made(operation, values);
        expect([101, 200, 501], `${operation.call}: ${body}`).toContain(status);
        expect(status === 501, operation.call).toBe(!("200" in operation.responses || "101" in operation.responses));
      };
      await succeeds(required(operation));
      const options = operation.parameters.filter((each) => !each.required);
      let values = required(operation);
      for (const option of options) {
        values = { ...values, [option.name]: example(option) };
        await succeeds(values);
        for (const value of option.schema.enum ?? []) await succeeds({ ...values, [option.name]: String(value) });
      }
    }));

  it("[OAS5] what is required and missing is answered as it says", () =>
    eachOperation(async (operation) => {
      for (const parameter of operation.parameters) {
        const refusal = parameter["x-missing"];
        if (!refusal) continue;
        const { [parameter.name]: _, ...others } = required(operation);
        expectRefused(await made(operation, others), refusal, `${operation.call} without ${parameter.name}`);
      }
    }));

  it("[OAS5] a value that a schema does not allow is answered as it says", () =>
    eachOperation(async (operation) => {
      await again();
      for (const parameter of operation.parameters) {
        const refusal = parameter["x-invalid"];
        if (!refusal) continue;
        const wrong = CANDIDATES.filter((value) => !allows(parameter.schema, value));
        expect(wrong.length, `${operation.call} ${parameter.name}`).toBeGreaterThan(0);
        const filled = { ...required(operation), ...(operation.path === "/v2" && { topic: "orders" }) };
        for (const value of wrong) {
          const reply = await made(operation, { ...filled, [parameter.name]: value });
          expectRefused(reply, refusal, `${operation.call} with ${parameter.name}=${value}`);
        }
      }
    }));

  it("[OAS5] a body that is empty, too large, malformed or not as its schema is answered as it says", () =>
    eachOperation(async (operation) => {
      const { requestBody } = operation;
      if (!requestBody) return;
      const refuses = async (body: string, refusal: Refusal | undefined, why: string) => {
        if (!refusal) return;
        await again();
        expectRefused(await made(operation, required(operation), { body }), refusal, `${operation.call}: ${why}`);
      };
      const limit = requestBody["x-limit"];
      const most = typeof limit === "number" ? limit : Number((await call("GET", `/config/${limit}`)).body);
      await refuses("x".repeat(most + 1), requestBody["x-too-large"], "too large");
      await refuses("", requestBody["x-empty"], "empty");
      for (const body of ["{", "[]", "null"]) await refuses(body, requestBody["x-malformed"], body);
      const { schema, example: given } = Object.values(requestBody.content)[0] as Media;
      if (schema["x-invalid"])
        await refuses("nothing", { status: 400, code: schema["x-invalid"] }, "not in its schema");
      for (const [name, part] of Object.entries(schema.properties ?? {})) {
        const code = part["x-invalid"];
        if (!code) continue;
        const isValid = compiled(part);
        for (const value of [...CANDIDATES, -1, 1.5, {}, []].filter((each) => !isValid(each)))
          await refuses(
            JSON.stringify({ ...(given as object), [name]: value }),
            { status: 400, code },
            `${name}=${value}`,
          );
      }
    }));

  it("[OAS5] a method that a path does not have is answered as it says", () =>
    eachOperation(async (operation) => {
      if ("101" in operation.responses) return; // a door looks at the upgrade alone
      for (const method of OTHER_METHODS) {
        const reply = await call(method, target(operation, required(operation)));
        expect(reply.status, operation.call).toBe(405);
        expectContent(operation.call, document.components.responses.MethodNotAllowed?.content, reply);
      }
    }));

  it("[OAS3] who is not known, and who may nothing, is refused as it says", () =>
    eachOperation(async (operation) => {
      const isForAll =
        operation.security.length === 0 || operation.security.some((each) => Object.keys(each).length === 0);
      const stranger = await made(operation, required(operation), { token: null });
      expect(stranger.status === 401, operation.call).toBe(!isForAll);
      if (isForAll || operation["x-permission"] === "any token") return;
      const nobody = await made(operation, required(operation), { token: "token-of-nothing" });
      expect(nobody.status, operation.call).toBe(403);
    }));
});
