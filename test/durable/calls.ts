// Calls between the objects of the broker that come late, get lost or are counted, for tests. What a spy replaces on a class holds
// for all its objects, and over evictions and crashes, until `vi.restoreAllMocks`.

import { vi } from "vitest";
import { until } from "./broker-api.ts";

const LOOK_AGAIN_MS = 5;

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** What the spies stand in for. */
const originals = new WeakMap<object, Method>();

/** Where calls wait until it is opened. */
export class Gate {
  #isOpen = false;
  #arrived = 0;

  open(): void {
    this.#isOpen = true;
  }

  /** Resolves when a call has come. */
  async isReached(): Promise<void> {
    await until(
      async () => this.#arrived,
      (arrived) => arrived > 0,
    );
  }

  async pass(): Promise<void> {
    this.#arrived++;
    // A promise that somebody else resolves would belong to another object than the one that waits.
    while (!this.#isOpen) await scheduler.wait(LOOK_AGAIN_MS);
  }
}

/** A call of a method is carried out only when the gate is open: the next one, or one after some others. */
export function holdCall<C extends object>(prototype: C, name: keyof C & string, others = 0): Gate {
  const gate = new Gate();
  for (let i = 0; i < others; i++) once(prototype, name, (call) => call());
  once(prototype, name, async (call) => {
    await gate.pass();
    return call();
  });
  return gate;
}

/** The next call of a method is carried out, but answered only when the gate is open. */
export function holdAnswer<C extends object>(prototype: C, name: keyof C & string): Gate {
  const gate = new Gate();
  once(prototype, name, async (call) => {
    const answer = await call();
    await gate.pass();
    return answer;
  });
  return gate;
}

/** All calls of a method are lost until the returned function is called. */
export function loseCalls<C extends object>(prototype: C, name: keyof C & string): () => void {
  const spy = vi.spyOn(prototype as Record<string, Method>, name).mockImplementation(async () => {
    throw new Error("the call was lost");
  });
  return () => spy.mockRestore();
}

/** The next call of a method is lost. */
export function loseCall<C extends object>(prototype: C, name: keyof C & string): void {
  once(prototype, name, async () => {
    throw new Error("the call was lost");
  });
}

/** Returns a function that tells how many calls of a method there were since it was asked last. */
export function countCalls<C extends object>(prototype: C, name: keyof C & string): () => number {
  const spy = vi.spyOn(prototype as Record<string, Method>, name);
  return () => {
    const calls = spy.mock.calls.length;
    spy.mockClear();
    return calls;
  };
}

/** Every further use holds for the call after the last one that has such an order. */
function once<C extends object>(prototype: C, name: keyof C & string, around: (call: () => unknown) => unknown): void {
  const methods = prototype as Record<string, Method>;
  const method = methods[name] as Method;
  const original = vi.isMockFunction(method) ? (originals.get(method) ?? method) : method;
  const spy = vi.spyOn(methods, name);
  originals.set(spy, original);
  spy.mockImplementationOnce(function (this: unknown, ...args: unknown[]) {
    return around(() => original.apply(this, args));
  });
}
