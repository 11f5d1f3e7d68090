// POST /pub and /mpub (spec 3.2, 3.3; nsqd/http.go doPUB, doMPUB).

import type { PublishOutcome } from "../durable/publish-group.ts";
import { concat } from "../protocol/bytes.ts";
import type { BodyLimits } from "../protocol/command-decoder.ts";
import { eachMpubMessage, MpubCheck } from "../protocol/mpub-body.ts";
import { RecordWriter } from "../queue/record-writer.ts";
import type { Broker } from "./broker.ts";
import { Params, readBody, topicParam } from "./params.ts";
import { HttpError, ok } from "./respond.ts";

const LF = 10;

export async function pub(request: Request, broker: Broker): Promise<Response | HttpError> {
  const { maxMsgSize, maxReqTimeout } = broker.options;
  const body = await readBody(request, maxMsgSize);
  if (body === null) return new HttpError(413, "MSG_TOO_BIG");
  if (body.length === 0) return new HttpError(400, "MSG_EMPTY");
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const topic = topicParam(params, "INVALID_TOPIC");
  if (topic instanceof HttpError) return topic;
  const defer = parseDefer(params.get("defer"), maxReqTimeout);
  if (defer === null) {
    await broker.topic(topic).create(); // in nsqd the topic comes to be before defer is looked at
    return new HttpError(400, "INVALID_DEFER");
  }
  const writer = new RecordWriter();
  writer.add(body, 0, body.length, defer === 0 ? 0 : Date.now() + defer);
  return store(broker, topic, writer);
}

export async function mpub(request: Request, broker: Broker): Promise<Response | HttpError> {
  const { maxMsgSize, maxBodySize } = broker.options;
  if (Number(request.headers.get("Content-Length")) > maxBodySize) return new HttpError(413, "BODY_TOO_BIG");
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const topic = topicParam(params, "INVALID_TOPIC");
  if (topic instanceof HttpError) return topic;
  const body = await readBody(request, maxBodySize);
  const writer = new RecordWriter();
  const error = addBody(writer, body, params.isOn("binary", false), { maxMsgSize, maxBodySize });
  if (error === null && writer.count > 0) return store(broker, topic, writer);
  // In nsqd the topic comes to be before the body is looked at.
  await broker.topic(topic).create();
  return error ?? ok("OK");
}

/** 0 for now; null for what is no delay within the limit. Signs and leading zeros pass, as in Go's ParseInt. */
function parseDefer(text: string | null, max: number): number | null {
  if (text === null) return 0;
  const defer = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return defer >= 0 && defer <= max ? defer : null;
}

function addBody(
  writer: RecordWriter,
  body: Uint8Array | null,
  isBinary: boolean,
  limits: BodyLimits,
): HttpError | null {
  if (body === null) return new HttpError(413, "BODY_TOO_BIG");
  return isBinary ? addMessages(writer, body, limits) : addLines(writer, body, limits.maxMsgSize);
}

function addMessages(writer: RecordWriter, body: Uint8Array, limits: BodyLimits): HttpError | null {
  const problem = new MpubCheck(limits).check(body, 0, body.length, true);
  if (problem) return new HttpError(413, problem.code);
  eachMpubMessage(body, 0, (from, to) => writer.add(body, from, to));
  return null;
}

/** Each line is a message, empty ones are none, and nothing is trimmed. */
function addLines(writer: RecordWriter, body: Uint8Array, maxMsgSize: number): HttpError | null {
  for (let start = 0; start < body.length; ) {
    const lf = body.indexOf(LF, start);
    const end = lf < 0 ? body.length : lf;
    if (end - start > maxMsgSize) return new HttpError(413, "MSG_TOO_BIG");
    if (end > start) writer.add(body, start, end);
    start = end + 1;
  }
  return null;
}

const FAILURES = {
  exiting: new HttpError(503, "EXITING"),
  full: new HttpError(503, "TOPIC_FULL"),
  failed: new HttpError(503, "PUB_FAILED"),
} as const satisfies Record<Exclude<PublishOutcome, "stored">, HttpError>;

async function store(broker: Broker, topic: string, writer: RecordWriter): Promise<Response | HttpError> {
  const records = concat(writer.take().map(({ bytes }) => bytes));
  const outcome = await broker.topic(topic).publish(records);
  return outcome === "stored" ? ok("OK") : FAILURES[outcome];
}
