// Processes that must not outlive this one, whatever ends it but a SIGKILL.

import type { ChildProcess } from "node:child_process";

/** Signals that end a process without `exit`; the numbers are the shell's habit for it. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const living = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

for (const [signal, code] of Object.entries(EXIT_CODES)) process.once(signal, () => process.exit(code));

/** Ends a process together with this one. */
export function endWithThis(child: ChildProcess): void {
  living.add(child);
  child.once("exit", () => living.delete(child));
}
