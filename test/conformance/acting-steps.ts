// Steps that act on connections without looking at what comes back.

import { setTimeout as sleep } from "node:timers/promises";
import { bytes, commands } from "./bytes.ts";
import type { Context } from "./context.ts";
import { directPath, directUrl } from "./direct-path.ts";
import type { AbortStep, CloseStep, HalfStep, OpenStep, SendStep, Step, UpgradeStep, WaitStep } from "./step.ts";
import { scanDelay } from "./target.ts";

type ActingStep = OpenStep | SendStep | HalfStep | AbortStep | CloseStep | UpgradeStep | WaitStep;

const MAGIC = { v2: "  V2", lookup: "  V1" };

/** @param following the steps that come then, as templates */
export async function act(context: Context, step: ActingStep, following: readonly Step[]): Promise<void> {
  const { connections, target } = context;
  switch (step.verb) {
    case "open":
      return open(context, step, following);
    case "send":
      return send(context, step);
    case "half":
      return connections.get(step.half).half();
    case "abort":
      return connections.get(step.abort).abort();
    case "close":
      return connections.get(step.close).close();
    case "upgrade":
      return connections.get(step.on).upgrade(step.upgrade);
    case "wait":
      return sleep(step.wait === "scan" ? scanDelay(target) : step.wait);
    default:
      step satisfies never;
  }
}

async function open(
  { connections, target, scope }: Context,
  step: OpenStep,
  following: readonly Step[],
): Promise<void> {
  const framing = step.via ?? "v2";
  const isDirect = target.direct && target.ws && framing === "v2";
  const ws = isDirect ? directUrl(target.ws, directPath(step.open, scope.preview(following))) : target.ws;
  const connection = await connections.open(step.open, framing, { ...target, ws: ws ?? null });
  const magic = bytes(step.magic ?? MAGIC[framing]);
  if (magic.length > 0) connection.send(magic);
}

async function send({ connections }: Context, step: SendStep): Promise<void> {
  const connection = connections.get(step.on);
  const data = commands(step.send);
  const size = step.chunk ?? data.length;
  for (let start = 0; start < data.length; start += size) {
    if (start > 0) await sleep(step.gap ?? 0);
    connection.send(data.subarray(start, start + size));
  }
}
