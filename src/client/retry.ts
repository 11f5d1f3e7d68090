// When to try again what failed.

import type { Clock } from "./clock.ts";

/** How long the attempt that follows so many failures waits, ms: twice as long each time, and by chance down to half of that. */
export function retryDelay(failures: number, first: number, most: number, random: number): number {
  return (Math.min(most, first * 2 ** (failures - 1)) * (1 + random)) / 2;
}

/** Resolves when so many ms have passed, or when the signal says that nobody waits any more. */
export function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener("abort", end);
  });
}
