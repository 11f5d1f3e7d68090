// WebSocket as the client wants it, on a library that tells why a server refused one: Node's own does not.

import { WebSocket } from "ws";
import { type Transport, type WebSocketConstructor, webSocketTransport } from "../client/index.ts";
import { Failure, textOf } from "./failure.ts";

const REFUSED = /Unexpected server response: (401|403)/;

/** Rejects with a `Failure` that says what the server answered. */
export function nodeWebSocketTransport(): Transport {
  const base = webSocketTransport();
  return {
    ...base,
    async open(address, events, signal, secret) {
      let reason: Error | null = null;
      class Recorded extends WebSocket {
        constructor(url: string, protocols?: string[]) {
          // An NSQ stream is not worth deflating message by message.
          super(url, protocols, { perMessageDeflate: false });
          this.on("error", (error) => {
            reason = error;
          });
        }
      }
      const { open } = webSocketTransport(Recorded as unknown as WebSocketConstructor);
      return open(address, events, signal, secret).catch((error: unknown) => {
        throw reason === null ? error : refusal(address, reason);
      });
    },
  };
}

/** What kept a WebSocket from coming to be, as a command says it. @param address its URL */
export function refusal(address: string, reason: Error): Failure {
  const url = new URL(address);
  const at = url.host;
  const [, status] = REFUSED.exec(reason.message) ?? [];
  if (status === "401") return new Failure("refused", `${at} wants a token that it knows (--token)`);
  if (status === "403") return new Failure("refused", `${at} does not allow that to whoever has this token`);
  return new Failure("unreachable", `${at} cannot be reached: ${textOf(reason)}`, { cause: reason });
}
