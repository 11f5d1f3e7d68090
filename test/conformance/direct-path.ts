// Which of the broker's direct paths fits a connection of a scenario: /v2?topic=T for one that publishes, /v2?topic=T&channel=C
// for one that consumes.

import { commands } from "./bytes.ts";
import type { Step } from "./step.ts";

export interface DirectPath {
  readonly topic: string;
  readonly channel?: string;
}

const NAME = /^[.a-zA-Z0-9_-]+(#ephemeral)?$/;
const MAX_NAME_LENGTH = 64;
const PUBLISHES = ["PUB", "MPUB", "DPUB"];
const WITH_BODY = ["IDENTIFY", "AUTH", ...PUBLISHES];

/**
 * What the connection just opened as `name` will first subscribe to, or else publish to; null when it does neither, or only with
 * names that NSQ does not allow.
 *
 * @param following the steps that come then
 */
export function directPath(name: string, following: readonly Step[]): DirectPath | null {
  let first: DirectPath | null = null;
  for (const [verb = "", topic = "", channel = ""] of commandLines(bytesSent(name, following))) {
    if (verb === "SUB" && isName(topic) && isName(channel)) return { topic, channel };
    if (PUBLISHES.includes(verb) && isName(topic)) first ??= { topic };
  }
  return first;
}

export function directUrl(ws: string, path: DirectPath | null): string {
  const url = new URL(ws);
  for (const [name, value] of Object.entries(path ?? {})) url.searchParams.set(name, value);
  return url.href;
}

/** Everything that is sent on a connection until it is closed or opened anew. */
function bytesSent(name: string, following: readonly Step[]): Buffer {
  const sent: Buffer[] = [];
  let last = name;
  for (const step of following) {
    if (isEnd(step, name)) break;
    if (step.verb === "open") last = step.open;
    else if (step.verb === "send" && (step.on ?? last) === name) sent.push(commands(step.send));
  }
  return Buffer.concat(sent);
}

function isEnd(step: Step, name: string): boolean {
  if (step.verb === "open") return step.open === name;
  if (step.verb === "close") return step.close === name;
  return step.verb === "abort" && step.abort === name;
}

/** The words of each command's line; the bodies between are passed over. */
function commandLines(stream: Buffer): string[][] {
  const lines: string[][] = [];
  for (let at = 0; ; ) {
    const end = stream.indexOf("\n", at);
    if (end < 0) return lines;
    const words = stream.toString("latin1", at, end).replace(/\r$/, "").split(" ");
    lines.push(words);
    at = end + 1;
    if (!WITH_BODY.includes(words[0] ?? "")) continue;
    if (at + 4 > stream.length) return lines;
    at += 4 + Math.max(0, stream.readInt32BE(at));
  }
}

function isName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && NAME.test(text);
}
