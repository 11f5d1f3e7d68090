// What memory a process takes, where there is a /proc to say so.

import { existsSync, readFileSync } from "node:fs";

/** Bytes that are resident now; 0 where nobody knows. */
export function residentBytes(pid: number): number {
  return statusOf(pid, "VmRSS");
}

/** Bytes that were resident at most; 0 where nobody knows. */
export function peakBytes(pid: number): number {
  return statusOf(pid, "VmHWM");
}

function statusOf(pid: number, field: string): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return 0;
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(file, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
