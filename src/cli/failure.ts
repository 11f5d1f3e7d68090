// Why a command ends before it is done: one line for who reads, and an exit status for scripts.

/** The exit statuses, as docs/cli.md lists them. */
export const EXIT = {
  done: 0,
  /** It could not be done; what was done before stays done. */
  failed: 1,
  /** Wrong flags or arguments: nothing was done. */
  usage: 2,
  /** There is no such topic or channel. */
  notFound: 3,
  /** The broker does not let in whoever has this token, or none. */
  refused: 4,
  /** Nobody answers at an address. */
  unreachable: 5,
} as const;

export type Outcome = Exclude<keyof typeof EXIT, "done">;

export class Failure extends Error {
  override name = "Failure";
  readonly outcome: Outcome;

  /** @param message "" when it was said already, in the log of a server */
  constructor(outcome: Outcome, message: string, options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}

/** What somebody reads of an error: its text, in one line. */
export function textOf(error: unknown): string {
  // fetch tells what it met in its cause only.
  if (error instanceof TypeError && error.cause instanceof Error) return textOf(error.cause);
  const text = error instanceof Error ? error.message || causeCode(error) : String(error);
  return text.trim().replace(/\s*\n\s*/g, "; ");
}

/** Node's code for what a socket met, `ECONNREFUSED`, however deep it lies; "" without one. */
export function causeCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // An attempt at each address that a name has.
  if (error instanceof AggregateError) return causeCode(error.errors[0]);
  return causeCode(error.cause);
}
