// The error frames of the V2 protocol as values (spec 1.5).

export type ErrorCode =
  | "E_BAD_PROTOCOL"
  | "E_INVALID"
  | "E_BAD_BODY"
  | "E_IDENTIFY_FAILED"
  | "E_BAD_TOPIC"
  | "E_BAD_CHANNEL"
  | "E_BAD_MESSAGE"
  | "E_PUB_FAILED"
  | "E_MPUB_FAILED"
  | "E_DPUB_FAILED"
  | "E_SUB_FAILED"
  | "E_AUTH_DISABLED"
  | "E_AUTH_FAILED"
  | "E_AUTH_FIRST"
  | "E_UNAUTHORIZED"
  | "E_FIN_FAILED"
  | "E_REQ_FAILED"
  | "E_TOUCH_FAILED";

/** The only errors that leave the connection open. */
const SURVIVABLE: ReadonlySet<ErrorCode> = new Set(["E_FIN_FAILED", "E_REQ_FAILED", "E_TOUCH_FAILED"]);

/** What a client did wrong; `text` is a byte string as it goes out behind the code. */
export interface ClientError {
  readonly code: ErrorCode;
  readonly text: string;
}

export function clientError(code: ErrorCode, text: string): ClientError {
  return { code, text };
}

/** Whether the server closes the connection after the error frame. */
export function isFatal(error: ClientError): boolean {
  return !SURVIVABLE.has(error.code);
}
