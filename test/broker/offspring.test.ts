import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";

/** Starts a process that would run for a minute, says which, and waits. */
const STARTER = `
  import { spawn } from "node:child_process";
  import { endWithThis } from "./scripts/offspring.ts";
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"]);
  endWithThis(child);
  console.log(child.pid);
`;

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.skipIf(process.platform === "win32")("what a script starts", () => {
  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("[RUN2] ends with it, also by %s", async (signal) => {
    const starter = spawn(process.execPath, ["--input-type=module", "-e", STARTER]);
    const [line] = (await once(createInterface({ input: starter.stdout }), "line")) as [string];
    expect(isRunning(Number(line))).toBe(true);
    starter.kill(signal);
    await once(starter, "exit");
    await expect.poll(() => isRunning(Number(line)), { timeout: 10_000 }).toBe(false);
  });
});
