// What a session asks of the place it runs in: the gateway, a topic's object or a channel's object.

import type { ClientError } from "../protocol/errors.ts";
import type { Compression } from "../protocol/identify.ts";
import type { Session } from "./session.ts";

/** A PUB, DPUB or MPUB that passed every check. It is a view of the session's input, valid during the call. */
export interface Publication {
  readonly command: "PUB" | "DPUB" | "MPUB";
  readonly topic: string;
  readonly deferMs: number;
  readonly buffer: Uint8Array;
  /** The whole command, line and size included, lies from `start` to `bodyEnd`. */
  readonly start: number;
  /** One message, or for MPUB the messages with their count and sizes. */
  readonly bodyStart: number;
  readonly bodyEnd: number;
}

export interface SessionHost {
  /** Sees to it that the messages are stored, and to the reply then: `session.replies.expect`. An error is answered at once. */
  publish(publication: Publication, session: Session): ClientError | null;
  /** Makes a topic exist, though nothing is published to it: MPUB does so before its body is looked at (spec 1.14). */
  createTopic(topic: string): void;
  /** Makes the session a consumer of a channel, and calls `session.subscribed` or `session.resume` then. */
  subscribe(topic: string, channel: string, session: Session): void;
  /** Finds out whose secret it is, and calls `session.authenticated` then. */
  authenticate(secret: string, session: Session): void;
  /** Asks again whose the secret is that the client came with, and calls `session.authenticatedAgain` then. */
  authenticateAgain(session: Session): void;
  /** Switches the connection to a compressed stream once the reply to IDENTIFY is out, and calls `session.resume` then. */
  compress(compression: Compression, session: Session): void;
}
