const LOOK_AGAIN_MS = 1;
/** Only a failing test looks so often. */
const PATIENCE = 10_000;

/** Resolves when a condition holds. No clock is asked, as tests move it. */
export async function soon(what: string, holds: () => boolean): Promise<void> {
  for (let looks = 0; !holds(); looks++) {
    if (looks === PATIENCE) throw new Error(`still waiting until ${what}`);
    await scheduler.wait(LOOK_AGAIN_MS);
  }
}
