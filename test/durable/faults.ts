// Makes one kind of fault happen at one point of the broker, at some of the moments at which the point is met. What is replaced holds
// for all objects, since they share the isolate with the tests, until `vi.restoreAllMocks`.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { Channel } from "../../src/durable/Channel.ts";
import { Lookup } from "../../src/durable/Lookup.ts";
import { LOOKUP_OBJECT } from "../../src/durable/object-names.ts";
import { Topic } from "../../src/durable/Topic.ts";
import type { Random } from "../helpers/random.ts";
import { type CallFault, type CallPoint, INJECTED, type StoragePoint } from "./fault-points.ts";

const CLASSES = { Topic, Channel, Lookup };
const LOOK_AGAIN_MS = 2;
const PERCENT = 50;
const STORAGE_PERCENT = 30;
/** Storage that throws once throws so many times more at most. */
const MORE_THROWS = 3;

type Method = (this: unknown, ...args: unknown[]) => unknown;

export class Faults {
  /** How often there was a fault. */
  count = 0;
  readonly #random: Random;
  /** Calls that wait until they are released. */
  readonly #held = new Set<{ isLost: boolean }>();
  #isActive = true;
  #throws = 0;

  private constructor(random: Random) {
    this.#random = random;
  }

  static ofCall({ to, method, isTimeless }: CallPoint, fault: CallFault, random: Random): Faults {
    const faults = new Faults(random);
    replace(CLASSES[to].prototype, method, (call) =>
      faults.#isDue ? faults.#misdo(call, fault, isTimeless ?? false) : call(),
    );
    return faults;
  }

  static async ofStorage({ fails, percent }: StoragePoint, random: Random): Promise<Faults> {
    const faults = new Faults(random);
    const lookup = env.LOOKUP.getByName(LOOKUP_OBJECT);
    await runInDurableObject(lookup as DurableObjectStub, (_, { storage }) => {
      const throwing = (call: () => unknown, isMet: boolean) => {
        if (isMet && faults.#throwsNow(percent)) throw new Error(INJECTED);
        return call();
      };
      if (typeof fails !== "string") {
        const sql = Object.getPrototypeOf(storage.sql);
        replace(sql, "exec", (call, statement) => throwing(call, fails.test(statement as string)));
      } else {
        // What these do is asynchronous, and so is their failure.
        replace(Object.getPrototypeOf(storage), fails, (call) =>
          faults.#throwsNow(percent) ? Promise.reject(new Error(INJECTED)) : call(),
        );
      }
    });
    return faults;
  }

  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  /** Lets the calls go on that were held. */
  release(): void {
    this.#held.clear();
  }

  /** Who called is no more: some of the calls that were held go on, and some were never made. */
  callersDied(): void {
    for (const ticket of this.#held) ticket.isLost = this.#random.chance(50);
    this.release();
  }

  /** There are no faults while `work` goes on. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    const was = this.#isActive;
    this.#isActive = false;
    try {
      return await work();
    } finally {
      this.#isActive = was;
    }
  }

  /** There are no faults from now on. */
  stop(): void {
    this.#isActive = false;
    this.release();
  }

  get #isDue(): boolean {
    return this.#isActive && this.#random.chance(PERCENT);
  }

  #throwsNow(percent = STORAGE_PERCENT): boolean {
    if (!this.#isActive) return false;
    if (this.#throws > 0) this.#throws--;
    else if (this.#random.chance(percent)) this.#throws = this.#random.int(MORE_THROWS + 1);
    else return false;
    this.count++;
    return true;
  }

  async #misdo(call: () => unknown, fault: CallFault, isTimeless: boolean): Promise<unknown> {
    this.count++;
    if (fault === "lost") throw new Error(INJECTED);
    const isHeldBefore = this.#random.chance(50);
    if (fault === "slow" && isHeldBefore) await this.#pass();
    const answer = await call();
    if (fault === "slow" && !isHeldBefore) await this.#pass();
    if (fault === "unanswered") throw new Error(INJECTED);
    if (fault !== "repeated") return answer;
    if (!isTimeless || this.#random.chance(50)) return call();
    void this.#pass().then(call, () => {});
    return answer;
  }

  async #pass(): Promise<void> {
    const ticket = { isLost: false };
    this.#held.add(ticket);
    // A promise that somebody else resolves would belong to another object than the one that waits.
    while (this.#held.has(ticket)) await scheduler.wait(LOOK_AGAIN_MS);
    if (ticket.isLost) throw new Error(INJECTED);
  }
}

function replace(on: object, name: string, around: (call: () => unknown, ...args: unknown[]) => unknown): void {
  const methods = on as Record<string, Method>;
  const original = methods[name] as Method;
  vi.spyOn(methods, name).mockImplementation(function (this: unknown, ...args: unknown[]) {
    return around(() => original.apply(this, args), ...args);
  });
}
