// GET /openapi.json: the document of the HTTP API (OpenAPI 3.1), made of the table of routes when it is first asked for.

import { type Need, NOTHING } from "../auth/need.ts";
import { NSQ_VERSION } from "../limits.ts";
import {
  type Answer,
  type Body,
  type DocumentedRoute,
  json,
  type Param,
  plainText,
  type RouteDoc,
} from "./documented.ts";
import { type Door, doors } from "./door-docs.ts";
import { rawJson } from "./respond.ts";
import { oneOf, type Schema, text } from "./schema.ts";

/** A table of routes, and what it is about. */
export interface RouteGroup {
  readonly tag: string;
  readonly about: string;
  readonly routes: readonly DocumentedRoute[];
}

const DESCRIPTION =
  "The HTTP API of a broker that speaks NSQ: nsqd's, nsqlookupd's and nsqadmin's, and the doors to its WebSockets. " +
  "An error is `{message}` with a code. Where the broker is open no call takes a token. " +
  "The pages under /admin/ are for people, and are not described.";

const JSON_TYPE = "application/json";
const CODE = "#/components/schemas/Error";

/** What any call can meet. */
const COMMON = {
  BadGateway: error("Producers elsewhere could not be asked.", { ...text, pattern: "^UPSTREAM_ERROR: " }),
  Unauthorized: error("Nobody has the token, or there is none.", oneOf("UNAUTHORIZED")),
  Forbidden: {
    description:
      "The token does not allow this, or the page that calls is of an origin that is not named; or the broker is closed.",
    content: { [JSON_TYPE]: { schema: errorSchema(oneOf("FORBIDDEN")) }, "text/plain": { schema: text } },
  },
  MethodNotAllowed: error("The path has other methods; `Allow` says which.", oneOf("METHOD_NOT_ALLOWED")),
  NotFound: error("There is no such path.", oneOf("NOT_FOUND")),
  TooManyRequests: error(
    "Too much was done, or tried; `Retry-After` says when to come again.",
    oneOf("TOO_MANY_REQUESTS"),
  ),
  InternalError: error("Something went wrong inside.", oneOf("INTERNAL_ERROR", "INVALID_CONFIGURATION")),
};
const AUTH_UNAVAILABLE = "AUTH_UNAVAILABLE";

export const openApiDoc: RouteDoc = {
  summary: "This document",
  answers: [json({ type: "object" }, "OpenAPI 3.1.")],
};

/** The route to the document. @param document is called once, when somebody asks */
export function openApiRoute(document: () => object): DocumentedRoute {
  let written: string | null = null;
  return {
    method: "GET",
    path: "/openapi.json",
    need: NOTHING,
    handler: async () => {
      written ??= JSON.stringify(document());
      return rawJson(written);
    },
    doc: openApiDoc,
  };
}

export function openApi(groups: readonly RouteGroup[], schemas: Readonly<Record<string, Schema>>): object {
  const paths: Record<string, Record<string, object>> = {};
  const add = (path: string, method: string, operation: object) => {
    const template = path.replace(/:(\w+)/g, "{$1}");
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation };
  };
  for (const { tag, routes } of groups)
    for (const route of routes) add(route.path, route.method, operationOf(route, tag));
  for (const door of doors) add(door.path, "get", operationOfDoor(door));
  return {
    openapi: "3.1.0",
    info: {
      title: "nsq-edge",
      version: NSQ_VERSION,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: [
      ...groups.map(({ tag, about }) => ({ name: tag, description: about })),
      { name: "doors", description: "WebSockets" },
      { name: "pprof", description: "What nsqd has of Go's profiler, and is not here" },
    ],
    paths,
    components: {
      schemas: { ...schemas, Error: errorSchema(text) },
      responses: COMMON,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "nsq-edge-session",
          description: "Who has signed in to the pages.",
        },
      },
    },
  };
}

function operationOf({ method, path, need, doc, creates = false }: DocumentedRoute, tag: string): object {
  const isNothing = need.kind === "nothing";
  const security = path.startsWith("/admin/") ? [{ bearer: [] }, { session: [] }] : [{ bearer: [] }];
  return {
    operationId: operationId(method, path),
    tags: [doc.tag ?? tag],
    summary: doc.summary,
    ...(doc.description !== undefined && { description: doc.description }),
    ...parametersOf(doc.params ?? [], path),
    ...(doc.body && { requestBody: bodyOf(doc.body) }),
    responses: responsesOf(doc, path, isNothing, creates || !isNothing),
    security: isNothing ? [] : security,
    ...(!isNothing && { "x-permission": permission(need) }),
  };
}

function operationOfDoor({ path, need, doc }: Door): object {
  const codes = [...(codesOf({ ...doc, answers: [] }, []).get(400) ?? [])];
  // What a door answers is the JSON of an error, but not said to be JSON.
  const bodies = oneOf(...codes.map((code) => JSON.stringify({ message: code })));
  const answers: readonly Answer[] = [
    { status: 101, description: "The WebSocket is open.", type: "", schema: {} },
    plainText(text, "It was not asked for.", 426),
    ...(codes.length > 0 ? [plainText(bodies, "`message` says what is wrong.", 400)] : []),
  ];
  return {
    operationId: operationId("GET", path),
    tags: ["doors"],
    summary: doc.summary,
    ...parametersOf(doc.params ?? [], path),
    responses: responsesOf({ ...doc, answers }, path, false, true),
    security: path === "/v2" ? [{ bearer: [] }, {}] : [{ bearer: [] }],
    "x-permission": need,
  };
}

function parametersOf(params: readonly Param[], path: string): { parameters?: object[] } {
  if (params.length === 0) return {};
  return {
    parameters: params.map(({ name, description, schema, example, missing, invalid }) => {
      const isInPath = isPartOf(path, name);
      return {
        name,
        in: isInPath ? "path" : "query",
        required: isInPath || missing !== null,
        description,
        schema,
        example,
        ...(missing && { "x-missing": refusal(missing) }),
        ...(invalid && { "x-invalid": refusal(invalid) }),
      };
    }),
  };
}

function bodyOf({ type, description, schema, example, empty, malformed, tooLarge, limit }: Body): object {
  return {
    description,
    required: empty !== null,
    content: { [type]: { schema, example } },
    "x-limit": limit,
    "x-too-large": refusal(tooLarge),
    ...(empty && { "x-empty": refusal(empty) }),
    ...(malformed && { "x-malformed": refusal(malformed) }),
  };
}

function responsesOf(doc: RouteDoc, path: string, isForAll: boolean, isLimited: boolean): object {
  const common = {
    ...(!isForAll && { 401: refOf("Unauthorized") }),
    403: refOf("Forbidden"),
    ...(isLimited && { 429: refOf("TooManyRequests") }),
    500: refOf("InternalError"),
    ...(path.startsWith("/admin/") && { 502: refOf("BadGateway") }),
  };
  const codes = codesOf(doc, malformedFor(doc, path));
  if (!isForAll) add(codes, 503, AUTH_UNAVAILABLE);
  const errors = [...codes].map(([status, each]) => [status, error("See `message`.", oneOf(...each))] as const);
  return { ...common, ...Object.fromEntries(errors), ...answersOf(doc.answers) };
}

/** Of one status all forms. */
function answersOf(answers: readonly Answer[]): object {
  const byStatus = Map.groupBy(answers, ({ status }) => status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => {
      const forms = same.filter(({ type }) => type !== "");
      const content = Object.fromEntries(forms.map(({ type, schema }) => [type, { schema }]));
      const description = same.map((each) => each.description).join(" ");
      return [status, forms.length > 0 ? { description, content } : { description }];
    }),
  );
}

/** All codes of errors by status. */
function codesOf({ params = [], body, errors = {} }: RouteDoc, others: readonly string[]): Map<number, Set<string>> {
  const codes = new Map<number, Set<string>>();
  for (const { missing, invalid } of params)
    for (const refused of [missing, invalid]) if (refused) add(codes, ...refused);
  if (body) {
    for (const refused of [body.empty, body.malformed, body.tooLarge]) if (refused) add(codes, ...refused);
    for (const part of [body.schema, ...Object.values(body.schema.properties ?? {})])
      if (part["x-invalid"] !== undefined) add(codes, 400, part["x-invalid"]);
  }
  for (const [status, several] of Object.entries(errors)) for (const code of several) add(codes, Number(status), code);
  for (const code of others) add(codes, 400, code);
  return codes;
}

/** How a query that is malformed is answered, or a part of a path that is, where either is looked at. */
function malformedFor({ params = [] }: RouteDoc, path: string): string[] {
  const hasQuery = params.some(({ name }) => !isPartOf(path, name));
  return hasQuery || (path.startsWith("/admin/") && params.length > 0) ? ["INVALID_REQUEST"] : [];
}

function add(codes: Map<number, Set<string>>, status: number, code: string): void {
  codes.set(status, (codes.get(status) ?? new Set()).add(code));
}

function errorSchema(code: Schema): Schema {
  return { type: "object", properties: { message: code }, required: ["message"], additionalProperties: false };
}

function error(description: string, code: Schema): object {
  return { description, content: { [JSON_TYPE]: { schema: code === text ? { $ref: CODE } : errorSchema(code) } } };
}

function refOf(name: keyof typeof COMMON): object {
  return { $ref: `#/components/responses/${name}` };
}

function refusal([status, code]: readonly [number, string]): object {
  return { status, code };
}

function isPartOf(path: string, name: string): boolean {
  return path.split("/").includes(`:${name}`);
}

/** `postTopicCreate`: what a generated client calls it. */
function operationId(method: string, path: string): string {
  const words = path.split(/[^a-zA-Z0-9:]+/).filter((word) => word !== "");
  const named = words.map((word) => word.replace(/^:(.)/, (_, first: string) => `By${first.toUpperCase()}`));
  const index = path.endsWith("/") ? ["Index"] : [];
  return method.toLowerCase() + [...named, ...index].map((word) => word[0]?.toUpperCase() + word.slice(1)).join("");
}

function permission(need: Need): string {
  if (need.kind === "permission") return `${need.permission} for ${need.scope}`;
  return need.kind === "look-up" ? "read, publish or subscribe for the topic" : "any token";
}
