// Where the actors of one life of the broker meet.

import type { BrokerProcess } from "../../scripts/broker.ts";
import type { Ledger } from "./ledger.ts";
import { type ConsumerDoor, type Plan, type ProducerDoor, TOPIC } from "./plan.ts";

export interface Stage {
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly broker: BrokerProcess;
}

export interface Actor {
  /** Resolves when it has nothing more to do with the broker, be it because that was killed. */
  readonly ended: Promise<unknown>;
}

/** A request that takes longer is a mistake, however slow the machine, ms. */
const PATIENCE_MS = 60_000;

export function addressOf({ broker }: Stage, door: ConsumerDoor | ProducerDoor, channel = "a"): string {
  const query = new URLSearchParams(door === "/v2?topic" ? { topic: TOPIC } : { topic: TOPIC, channel });
  if (door === "tcp") return broker.tcp;
  return door === "/v2" ? broker.ws : `${broker.ws}?${query}`;
}

/** The status and text of the answer to a POST; null when there was none, as the broker was killed. */
export async function post(
  { broker, ledger }: Stage,
  path: string,
  body: Uint8Array<ArrayBuffer> | string = "",
): Promise<{ status: number; text: string } | null> {
  try {
    const response = await fetch(broker.http + path, {
      method: "POST",
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const { message, cause } = error as Error;
    ledger.surprised(`${path} was not answered: ${message} ${cause ?? ""}`);
    return null;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
