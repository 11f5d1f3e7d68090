// What a model test asks of the broker: each order is given again until it is confirmed, and while a call between objects is held up
// it stays open, and other things happen meanwhile.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { INJECTED } from "./fault-points.ts";
import type { Faults } from "./faults.ts";
import { alarmOf, type Stub } from "./objects.ts";
import type { Received } from "./v2-client.ts";

/** What else may happen while an order is open, in the order of how much it concerns. */
export const Scope = { consumers: 0, publish: 1, channel: 2, topic: 3 } as const;
export type Scope = (typeof Scope)[keyof typeof Scope];

export interface Order {
  readonly scope: Scope;
  /** False when it is not known whether it was carried out, or known that it was not: then it is given again. */
  readonly give: () => Promise<boolean>;
  /** It was confirmed. */
  readonly confirmed?: () => void;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const LOOK_AGAIN_MS = 1;
const MAX_TRIES = 50;
/** How often the platform tries an alarm again whose handler throws (platform notes A3). */
const ALARM_RETRIES = 6;
/** What may be answered when something goes wrong inside, and nothing else. */
const REFUSALS = [
  '{"message":"INTERNAL_ERROR"}',
  '{"message":"EXITING"}',
  '{"message":"PUB_FAILED"}',
  '{"message":"STORAGE_FULL"}',
];
const ERRORS =
  /^E_(D?PUB_FAILED D?PUB failed (exiting|could not be stored|storage is full)|SUB_FAILED SUB failed( exiting| topic cannot be reached)?|INVALID DPUB timeout .*)$/;

export class Orders {
  readonly #faults: Faults | null;
  readonly #open = new Map<Promise<void>, Order>();

  constructor(faults: Faults | null) {
    this.#faults = faults;
  }

  /** Whether something of that scope may begin while there are orders that are open. */
  allows(scope: Scope): boolean {
    if (scope === Scope.consumers) return true;
    return [...this.#open.values()].every((order) => order.scope + scope <= Scope.topic);
  }

  /** Resolves when an order is confirmed, or is held up. */
  async give(order: Order): Promise<void> {
    const done = this.#untilConfirmed(order);
    this.#open.set(done, order);
    let isDone = false;
    done.then(
      () => {
        isDone = true;
      },
      () => {
        isDone = true;
      },
    );
    while (!isDone && !this.#faults?.isHolding) await scheduler.wait(LOOK_AGAIN_MS);
    if (isDone) await this.#close(done);
  }

  /** Lets everything go on, and resolves when all orders are confirmed. */
  async finish(): Promise<void> {
    while (this.#open.size > 0) {
      this.#faults?.release();
      const [done] = this.#open.keys();
      await Promise.race([done, scheduler.wait(LOOK_AGAIN_MS)]);
      await this.collect();
    }
    this.#faults?.release();
  }

  /** Takes note of what was confirmed in the meantime. */
  async collect(): Promise<void> {
    for (const done of [...this.#open.keys()]) {
      const isOpen = await Promise.race([done.then(() => false), Promise.resolve().then(() => true)]);
      if (!isOpen) await this.#close(done);
    }
  }

  async #close(done: Promise<void>): Promise<void> {
    this.#open.delete(done);
    await done;
  }

  async #untilConfirmed({ give, confirmed }: Order): Promise<void> {
    for (let tries = 0; !(await give()); tries++) {
      if (tries === MAX_TRIES) throw new Error("never confirmed");
      await scheduler.wait(LOOK_AGAIN_MS);
    }
    confirmed?.();
  }
}

/** Asks over HTTP, and fails if the answer says more than it should. */
export async function ask(method: "GET" | "POST" | "PUT", path: string, body?: string): Promise<Answer> {
  const init = body === undefined ? { method } : { method, body };
  const response = await exports.default.fetch(`http://broker${path}`, init);
  const { status } = response;
  const text = await response.text();
  expect(text).not.toContain(INJECTED);
  if (status >= 500) expect(REFUSALS).toContain(text);
  return { status, text };
}

/** Fails if an error frame says more than it should. */
export function checkFrame(received: Received): void {
  if ("error" in received) expect(received.error).toMatch(ERRORS);
}

/** Rings an alarm that is due at `now`, and again when that fails, as the platform does. */
export async function ring(stub: () => Stub, now = Date.now()): Promise<void> {
  const at = await alarmOf(stub()).catch(() => 0);
  if (at === null || at > now) return;
  try {
    await runDurableObjectAlarm(stub() as DurableObjectStub);
  } catch {
    for (let tries = 0; tries < ALARM_RETRIES; tries++) {
      try {
        await runInDurableObject(stub() as DurableObjectStub, (instance) => instance.alarm?.());
        return;
      } catch {}
    }
  }
}
