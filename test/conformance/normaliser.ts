// Makes two runs comparable: replaces what legitimately differs between runs and between servers.

import { createHash } from "node:crypto";
import { type Frame, MESSAGE_HEADER, messageId } from "./frame.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Scenario } from "./suite.ts";

/** Replaced by a placeholder of their type, unless the scenario itself supplied the value. */
const VOLATILE = new Set([
  "version",
  "hostname",
  "broadcast_address",
  "client_id",
  "remote_address",
  "id",
  "topology_zone",
  "topology_region",
  "start_time",
  "connect_ts",
  "tcp_port",
  "http_port",
  "last_update",
  "tombstoned_at",
]);
/** An empty string says something in these, so it is kept. */
const EMPTY_KEPT = new Set(["client_id", "hostname"]);
/** Newer than NSQ 1.3.0: compared only where a scenario picks them. */
const NEWER = new Set([
  "zone_local_msg_count",
  "region_local_msg_count",
  "global_msg_count",
  "topology_zone",
  "topology_region",
]);

const MAX_TEXT = 300;
const MAX_CLOCK_SKEW_NS = 600n * 1_000_000_000n;
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about control characters
const UNPRINTABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]/;

interface KnownMessage {
  readonly label: string;
  readonly timestamp: bigint;
}

/** Normalises what one scenario sees; message ids become `<id1>`, `<id2>`, ... by first appearance. */
export class Normaliser {
  readonly #names: ReadonlyMap<string, string>;
  readonly #given: string;
  readonly #messages = new Map<string, KnownMessage>();

  /** @param names the scenario's own names by placeholder, such as `${topic}` */
  constructor(names: ReadonlyMap<string, string>, { steps }: Pick<Scenario, "steps">) {
    this.#names = names;
    this.#given = JSON.stringify(steps);
  }

  string(text: string): string {
    let plain = text;
    for (const [placeholder, name] of this.#names) plain = plain.replaceAll(name, placeholder);
    for (const [id, { label }] of this.#messages) plain = plain.replaceAll(id, label);
    return plain;
  }

  /** @param key the key that holds the value, which decides whether it is volatile */
  json(value: Json, key = ""): Json {
    if (value === null || typeof value === "boolean") return value;
    if (Array.isArray(value)) return value.map((item) => this.json(item, key));
    if (typeof value === "object") return this.#object(value, key);
    const plain = typeof value === "string" ? this.string(value) : value;
    const isKept = !VOLATILE.has(key) || this.#isSupplied(plain) || (plain === "" && EMPTY_KEPT.has(key));
    return isKept ? plain : `<${typeof value}>`;
  }

  /** Text when printable, else hex, else length and digest. */
  body(data: Buffer, maxLength = MAX_TEXT): Json {
    if (data.length > maxLength) {
      return { length: data.length, sha1: createHash("sha1").update(data).digest("hex") };
    }
    const text = data.toString();
    return UNPRINTABLE.test(text) ? { hex: data.toString("hex") } : this.string(text);
  }

  frame({ type, data }: Frame): JsonObject {
    if (type === "message") return this.#message(data);
    const parsed = type === "error" ? undefined : parsedObject(data);
    return { [type]: parsed === undefined ? this.body(data) : this.json(parsed) };
  }

  #object(value: JsonObject, key: string): JsonObject {
    const members = Object.entries(value).filter(([name]) => !NEWER.has(name));
    const normalise = (member: Json, name: string): Json =>
      key === "memory" ? `<${typeof member}>` : this.json(member, name);
    return Object.fromEntries(members.map(([name, member]) => [this.string(name), normalise(member, name)]));
  }

  /** Whether the scenario's text has this value, be it in its JSON or inside the text of a body. */
  #isSupplied(value: string | number): boolean {
    if (typeof value === "number") return new RegExp(`[:,[]${value}[,}\\]]`).test(this.#given);
    if (value === "") return false;
    const quoted = JSON.stringify(value);
    const forms = [quoted, JSON.stringify(quoted).slice(1, -1)];
    return value === "V2" || value.includes("${") || forms.some((form) => this.#given.includes(form));
  }

  #message(data: Buffer): JsonObject {
    if (data.length < MESSAGE_HEADER) return { message: "shorter than its header", hex: data.toString("hex") };
    const timestamp = data.readBigInt64BE(0);
    const id = messageId(data);
    const seen = {
      message: this.#label(id, timestamp),
      attempts: data.readUInt16BE(8),
      body: this.body(data.subarray(MESSAGE_HEADER)),
    };
    const skew = timestamp - BigInt(Date.now()) * 1_000_000n;
    if (skew > MAX_CLOCK_SKEW_NS || skew < -MAX_CLOCK_SKEW_NS) {
      return { ...seen, ts: `not a current time in ns: ${timestamp}` };
    }
    const isSame = timestamp === this.#messages.get(id)?.timestamp;
    return isSame ? seen : { ...seen, ts: "changed between deliveries" };
  }

  #label(id: string, timestamp: bigint): string {
    if (!/^[\x21-\x7e]{16}$/.test(id)) return `not a usable id: ${Buffer.from(id, "latin1").toString("hex")}`;
    const known = this.#messages.get(id) ?? { label: `<id${this.#messages.size + 1}>`, timestamp };
    this.#messages.set(id, known);
    return known.label;
  }
}

/** The keys of a JSON object in the order they came, or null. */
export function keyOrder(data: Buffer): string[] | null {
  const value = parsedObject(data);
  return value === undefined ? null : Object.keys(value).filter((key) => !NEWER.has(key));
}

function parsedObject(data: Buffer): JsonObject | undefined {
  const text = data.toString();
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined; // it only looks like JSON
  }
}
