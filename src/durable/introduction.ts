// What the Worker says about a connection when it opens a socket to an object. It goes in a header of the upgrade request; one that
// a client sends is never let through.

import type { ClientSettings } from "../protocol/identify.ts";
import type { Connection } from "../session/connection.ts";

export const INTRODUCTION_HEADER = "nsq-edge-introduction";

export interface SocketIntroduction {
  readonly connection: Connection;
  /** For a client behind the gateway; null on a direct path. */
  readonly gateway: GatewayIntroduction | null;
}

export interface GatewayIntroduction {
  /** What the client has negotiated. */
  readonly settings: ClientSettings;
  /** Whether the gateway tells what its client has taken of what is sent. */
  readonly tellsTaken: boolean;
}

/** The headers of an upgrade request to an object. */
export function introduce(introduction: SocketIntroduction): Record<string, string> {
  // A header holds ASCII only, and a client may call itself anything.
  const json = JSON.stringify(introduction).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return { Upgrade: "websocket", [INTRODUCTION_HEADER]: json };
}

export function decodeIntroduction(header: string): SocketIntroduction {
  return JSON.parse(header) as SocketIntroduction;
}
