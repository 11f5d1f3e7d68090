// The body of a request as JSON, refused as nsqadmin refuses it.

import { fromUtf8 } from "../protocol/bytes.ts";
import { readBody } from "./params.ts";
import { HttpError } from "./respond.ts";

/** nsqadmin's limit, bytes. */
const MAX_BODY = 2 ** 20;
const INVALID_BODY = new HttpError(400, "INVALID_BODY");
/** What Go's decoder says of an empty body. */
const EOF = new HttpError(400, "EOF");

/** The keys of an object; anything else is refused. */
export async function jsonBody(
  request: Request,
  limit = MAX_BODY,
): Promise<Readonly<Record<string, unknown>> | HttpError> {
  const body = await readBody(request, limit);
  if (body === null) return new HttpError(413, "INVALID_BODY");
  const text = fromUtf8(body);
  if (text.trim() === "") return EOF;
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : INVALID_BODY;
  } catch {
    return INVALID_BODY; // what is wrong with it JSON.parse says in its own words
  }
}
