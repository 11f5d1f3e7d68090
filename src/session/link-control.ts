// What the gateway and an object tell each other beside the byte stream of a client: text messages on the socket between them.

export type LinkControl =
  /** The client took so many bytes more of what was sent to it. */
  | { readonly kind: "taken"; readonly bytes: number }
  /** The client sends nothing more, but may still be waiting for replies. */
  | { readonly kind: "end" }
  /** The gateway is there: the answer to `ARE_YOU_THERE`. */
  | { readonly kind: "here" };

export const END_OF_INPUT = "end";
/** What an object asks a gateway whose client lets messages time out: heartbeats do not reach the object. */
export const ARE_YOU_THERE = "there?";
export const HERE = "here";

export function takenControl(bytes: number): string {
  return `taken ${bytes}`;
}

/** Null for a text that is no control. */
export function parseLinkControl(text: string): LinkControl | null {
  if (text === END_OF_INPUT) return { kind: "end" };
  if (text === HERE) return { kind: "here" };
  const taken = /^taken (\d+)$/.exec(text);
  return taken ? { kind: "taken", bytes: Number(taken[1]) } : null;
}
