// Processes that must not outlive this one, whatever ends it but a SIGKILL.

import type { ChildProcess } from "node:child_process";

const living = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** Ends a process together with this one. */
export function endWithThis(child: ChildProcess): void {
  living.add(child);
  child.once("exit", () => living.delete(child));
}
