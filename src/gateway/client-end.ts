// The client's end of a connection that the gateway carries.

export interface ClientEnd {
  /** Sends bytes; when the client has surely taken them, `onTaken` is called with their weight. */
  send(bytes: Uint8Array, weight: number): void;
  /** The client said something. */
  heard(): void;
  /** Whether a write has been stuck for longer than `ms`. */
  isStuck(ms: number, now: number): boolean;
  close(): void;
}

export type OnTaken = (weight: number) => void;
