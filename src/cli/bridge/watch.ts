// A connection that is gone though nobody closed it: a laptop that slept, a NAT that forgot. The platform answers pings by itself,
// and wakes no object for them.

import type { WebSocket } from "ws";

/** How often the broker is asked whether it is there, ms; it is gone when it says nothing for as long. */
export const WATCH_MS = 30_000;

/** Calls `lost` when nothing comes any more. A link that is paused is not listened to. */
export function watch(link: WebSocket, intervalMs: number, lost: () => void): void {
  let isHeard = true;
  const hear = () => {
    isHeard = true;
  };
  for (const event of ["message", "ping", "pong"]) link.on(event, hear);
  const timer = setInterval(() => {
    if (link.isPaused) {
      isHeard = true;
      return;
    }
    if (!isHeard) lost();
    isHeard = false;
    if (link.readyState === link.OPEN) link.ping();
  }, intervalMs);
  link.on("close", () => clearInterval(timer));
}
