// A WebSocket to the broker, as both its doors for a byte stream want it.

import { WebSocket } from "ws";
import { authorization } from "../endpoint.ts";
import { refusal } from "../node-web-socket.ts";
import type { Broker } from "./broker.ts";

/** How long the broker may take to answer, ms: TLS, and a place far away. */
const DIAL_TIMEOUT_MS = 10_000;
/** Bytes of a message, which is in memory as a whole: the platform sends none that is larger. */
const MAX_MESSAGE = 32 * 2 ** 20;

/** `/v2` for nsqd's protocol, `/v1` for nsqlookupd's. */
export type StreamPath = "/v2" | "/v1";

/** Resolves when it is open; it is paused, so that nothing comes before somebody listens. @throws {Failure} */
export function dial(broker: Broker, path: StreamPath): Promise<WebSocket> {
  const url = new URL(path, broker.origin.replace(/^http/, "ws")).href;
  return new Promise((resolve, reject) => {
    const link = new WebSocket(url, {
      headers: authorization(broker.token),
      handshakeTimeout: DIAL_TIMEOUT_MS,
      maxPayload: MAX_MESSAGE,
      perMessageDeflate: false, // an NSQ stream is not worth deflating message by message
    });
    link.on("error", (error) => reject(refusal(url, error)));
    link.once("open", () => {
      link.pause();
      resolve(link);
    });
  });
}
