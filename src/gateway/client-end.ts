// The client's end of a connection that the gateway carries.

export interface ClientEnd {
  /** Whether it is known when the client has taken what is sent to it: then `onTaken` is called with the weight of that. */
  readonly tellsTaken: boolean;
  /** Weight of what was sent and not taken, as far as it is known. */
  readonly untaken: number;
  send(bytes: Uint8Array, weight: number): void;
  /** Whether a write has been stuck for longer than `ms`. */
  isStuck(ms: number, now: number): boolean;
  close(): void;
}

export type OnTaken = (weight: number) => void;
