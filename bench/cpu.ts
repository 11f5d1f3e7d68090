// What CPU time a process has taken, where there is a /proc to say so.

import { existsSync, readFileSync } from "node:fs";

/** The kernel counts in these whatever the machine (man 5 proc). */
const TICKS_PER_SECOND = 100;
/** Fields of the line behind the name, which may have spaces: user and system time. */
const USER = 11;
const SYSTEM = 12;

/** s; 0 where nobody knows. */
export function cpuSeconds(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return 0;
  const line = readFileSync(file, "utf8");
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER]) + Number(fields[SYSTEM])) / TICKS_PER_SECOND;
}
