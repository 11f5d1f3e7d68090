// What producers publish, and how it is said.

import { int32, mpub, mpubBody } from "../helpers/commands.ts";
import type { Random } from "../helpers/random.ts";
import { drawDelay, type ProducerPlan, TOPIC } from "./plan.ts";

export interface Draft {
  readonly bodies: readonly string[];
  readonly deferMs: number;
}

/** @param number unique among all publishes: so are the bodies then */
export function drawDraft(random: Random, plan: ProducerPlan, parks: boolean, number: number): Draft {
  const isMpub = random.chance(plan.mpubs);
  const count = isMpub ? 1 + random.int(plan.batch) : 1;
  const bodies = Array.from({ length: count }, (_, index) => `${number}-${index}.${"x".repeat(drawPadding(random))}`);
  return { bodies, deferMs: !isMpub && random.chance(plan.deferred) ? drawDelay(random, parks) : 0 };
}

/** Mostly little, and sometimes so much that a few messages fill a row. */
function drawPadding(random: Random): number {
  const drawn = random.int(1_000);
  if (drawn < 3) return 100_000 + random.int(200_000);
  return random.int(drawn < 30 ? 5_000 : 80);
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
