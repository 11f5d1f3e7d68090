// What producers publish, and how it is said.

import { int32, mpub, mpubBody } from "../helpers/commands.ts";
import type { Random } from "../helpers/random.ts";
import { drawDelay, type ProducerPlan, TOPIC } from "./plan.ts";
import { newBody } from "./stage.ts";

export interface Draft {
  readonly bodies: readonly string[];
  readonly deferMs: number;
}

export function drawDraft(random: Random, plan: ProducerPlan, parks: boolean): Draft {
  if (random.chance(plan.mpubs)) {
    return { bodies: Array.from({ length: 1 + random.int(plan.batch) }, () => newBody(random)), deferMs: 0 };
  }
  return { bodies: [newBody(random)], deferMs: random.chance(plan.deferred) ? drawDelay(random, parks) : 0 };
}

/** As a V2 command. */
export function commandOf({ bodies, deferMs }: Draft): Buffer {
  const [body] = bodies as [string];
  if (bodies.length > 1) return Buffer.from(mpub(TOPIC, bodies), "latin1");
  const line = deferMs > 0 ? `DPUB ${TOPIC} ${deferMs}\n` : `PUB ${TOPIC}\n`;
  return Buffer.from(line + int32(body.length) + body, "latin1");
}

/** As a path of the HTTP API and the body for it. */
export function requestOf(
  { bodies, deferMs }: Draft,
  isBinary: boolean,
): [path: string, body: Uint8Array<ArrayBuffer>] {
  const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));
  if (bodies.length === 1) {
    const defer = deferMs > 0 ? `&defer=${deferMs}` : "";
    return [`/pub?topic=${TOPIC}${defer}`, bytes(bodies.join())];
  }
  if (isBinary) return [`/mpub?topic=${TOPIC}&binary=true`, bytes(mpubBody(bodies))];
  return [`/mpub?topic=${TOPIC}`, bytes(bodies.join("\n"))];
}
