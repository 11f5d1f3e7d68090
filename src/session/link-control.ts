// What the gateway tells an object beside the byte stream of its client: text messages on the socket between them.

export type LinkControl =
  /** The client took so many bytes more of what was sent to it. */
  | { readonly kind: "taken"; readonly bytes: number }
  /** The client sends nothing more, but may still be waiting for replies. */
  | { readonly kind: "end" };

export const END_OF_INPUT = "end";

export function takenControl(bytes: number): string {
  return `taken ${bytes}`;
}

/** Null for a text that is no control. */
export function parseLinkControl(text: string): LinkControl | null {
  if (text === END_OF_INPUT) return { kind: "end" };
  const taken = /^taken (\d+)$/.exec(text);
  return taken ? { kind: "taken", bytes: Number(taken[1]) } : null;
}
