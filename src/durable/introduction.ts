// What the Worker says about a connection when it opens a socket to an object. It goes in a header of the upgrade request; one that
// a client sends is never let through.

import type { IdentityData } from "../identity/identity-data.ts";
import type { ClientSettings } from "../protocol/identify.ts";
import type { Connection } from "../session/connection.ts";

export const INTRODUCTION_HEADER = "nsq-edge-introduction";

/** Of a V2 connection, to a topic or a channel. */
export interface SocketIntroduction {
  readonly connection: Connection;
  /** For a client behind the gateway; null on a direct path. */
  readonly gateway: GatewayIntroduction | null;
  /** Who it is; null where nobody is asked. What he may do is the gateway's business, if there is one. */
  readonly identity: IdentityData | null;
}

export interface GatewayIntroduction {
  /** What the client has negotiated. */
  readonly settings: ClientSettings;
  /** Whether the gateway tells what its client has taken of what is sent. */
  readonly tellsTaken: boolean;
}

/** Of a V1 connection, to Lookup. */
export interface V1Introduction {
  readonly connection: Connection;
  /** Whether the Worker carries it, for a client on TCP. */
  readonly isLink: boolean;
  /** When its client is nobody any more, ms since the epoch; null for never. */
  readonly endsAt: number | null;
  /** What IDENTIFY is answered: who the broker is, as JSON. */
  readonly self: string;
}

/** The headers of an upgrade request to an object. */
export function introduce(introduction: SocketIntroduction | V1Introduction): Record<string, string> {
  // A header holds ASCII only, and a client may call itself anything.
  const json = JSON.stringify(introduction).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return { Upgrade: "websocket", [INTRODUCTION_HEADER]: json };
}

/** What an upgrade request says; null when it is none. */
export function introductionOf<I extends SocketIntroduction | V1Introduction>(request: Request): I | null {
  const header = request.headers.get(INTRODUCTION_HEADER);
  return header === null || request.headers.get("Upgrade") !== "websocket" ? null : (JSON.parse(header) as I);
}
