// The broker at the other end of the bridge.

import { InvalidArgumentError } from "commander";
import { origin } from "../args.ts";

export interface Broker {
  /** `http://host:port` or `https://host:port` */
  readonly origin: string;
  /** Shown with every call and connection; "" for none. */
  readonly token: string;
}

/** A broker's URL, also as that of a WebSocket: both are the same address. Returns its origin over HTTP. */
export function brokerUrl(text: string): string {
  try {
    return origin(text.replace(/^ws(?=s?:)/i, "http"));
  } catch {
    throw new InvalidArgumentError("It must be a URL like wss://broker.example.");
  }
}
