// The forms of nsqd's HTTP answers (spec 3.1, nsq internal/http_api/api_response.go).

const NSQ_HEADERS = { "X-NSQ-Content-Type": "nsq; version=1.0" };
const JSON_HEADERS = { ...NSQ_HEADERS, "Content-Type": "application/json; charset=utf-8" };
const TEXT_HEADERS = { "Content-Type": "text/plain; charset=utf-8" };
/** Made once: whatever is published is answered with them. */
const OK_HEADERS = new Headers({ ...NSQ_HEADERS, ...TEXT_HEADERS });

/** A request that is refused: the status, and the code that is the message. */
export class HttpError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    this.status = status;
    this.code = code;
  }
}

/** What a handler answers: text, nothing, something to be sent as JSON, or an error. */
export function ok(text = ""): Response {
  return text === ""
    ? new Response(null, { headers: { ...NSQ_HEADERS, "Content-Length": "0" } })
    : new Response(text, { headers: OK_HEADERS });
}

export function json(value: unknown): Response {
  return rawJson(JSON.stringify(value));
}

export function rawJson(text: string): Response {
  return new Response(text, { headers: JSON_HEADERS });
}

export function error({ status, code }: HttpError, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ message: code }), { status, headers: { ...JSON_HEADERS, ...headers } });
}

/** The decorator that /ping and the debug routes have in nsqd: no version header. */
export function plain(text: string, status = 200): Response {
  return new Response(text, { status, headers: TEXT_HEADERS });
}
