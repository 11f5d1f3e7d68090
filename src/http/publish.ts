// POST /pub and /mpub (spec 3.2, 3.3; nsqd/http.go doPUB, doMPUB).

import type { PublishOutcome } from "../durable/publish-group.ts";
import { concat } from "../protocol/bytes.ts";
import type { BodyLimits } from "../protocol/command-decoder.ts";
import { MpubCheck, mpubMessages, Range } from "../protocol/mpub-body.ts";
import { recordOf } from "../queue/record.ts";
import { RecordWriter } from "../queue/record-writer.ts";
import type { Broker } from "./broker.ts";
import { Params, readBody, topicParam } from "./params.ts";
import { HttpError, ok } from "./respond.ts";

const LF = 10;
const MSG_TOO_BIG = new HttpError(413, "MSG_TOO_BIG");
const MSG_EMPTY = new HttpError(400, "MSG_EMPTY");
/** Bytes of records that one call to a topic carries, about: a body of many small messages grows to many times its size. */
const CALL_BYTES = 8 * 2 ** 20;

const FAILURES = {
  exiting: new HttpError(503, "EXITING"),
  full: new HttpError(503, "TOPIC_FULL"),
  "storage-full": new HttpError(503, "STORAGE_FULL"),
  failed: new HttpError(503, "PUB_FAILED"),
} as const satisfies Record<Exclude<PublishOutcome, "stored">, HttpError>;

export async function pub(request: Request, broker: Broker): Promise<Response | HttpError> {
  const body = await readBody(request, broker.options.maxMsgSize);
  if (body === null) return MSG_TOO_BIG;
  if (body.length === 0) return MSG_EMPTY;
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const topic = topicParam(params, "INVALID_TOPIC");
  if (topic instanceof HttpError) return topic;
  return (await publishMessage(broker, topic, body, params.get("defer"))) ?? ok("OK");
}

/** A body that is null is too big; `delay` is in ms, and null for none. Returns what is wrong, if anything is. */
export async function publishMessage(
  broker: Broker,
  topic: string,
  body: Uint8Array | null,
  delay: string | null,
): Promise<HttpError | null> {
  if (body === null) return MSG_TOO_BIG;
  if (body.length === 0) return MSG_EMPTY;
  const defer = parseDefer(delay, broker.options.maxReqTimeout);
  if (defer === null) {
    await broker.topic(topic).create(); // in nsqd the topic comes to be before defer is looked at
    return new HttpError(400, "INVALID_DEFER");
  }
  return store(broker, topic, recordOf(body, defer === 0 ? 0 : Date.now() + defer));
}

export async function mpub(request: Request, broker: Broker): Promise<Response | HttpError> {
  const { maxMsgSize, maxBodySize } = broker.options;
  if (Number(request.headers.get("Content-Length")) > maxBodySize) return new HttpError(413, "BODY_TOO_BIG");
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const topic = topicParam(params, "INVALID_TOPIC");
  if (topic instanceof HttpError) return topic;
  const body = await readBody(request, maxBodySize);
  const messages = checkBody(body, params.isOn("binary", false), { maxMsgSize, maxBodySize });
  if (body !== null && !(messages instanceof HttpError)) {
    return (await storeAll(broker, topic, body, messages)) ?? ok("OK");
  }
  await broker.topic(topic).create(); // in nsqd the topic comes to be before the body is looked at
  return messages instanceof HttpError ? messages : ok("OK");
}

/** 0 for now; null for what is no delay within the limit. Signs and leading zeros pass, as in Go's ParseInt. */
function parseDefer(text: string | null, max: number): number | null {
  if (text === null) return 0;
  const defer = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return defer >= 0 && defer <= max ? defer : null;
}

/** The messages of a body of /mpub, or what is wrong with it: then none of it is published. */
function checkBody(body: Uint8Array | null, isBinary: boolean, limits: BodyLimits): Iterable<Range> | HttpError {
  if (body === null) return new HttpError(413, "BODY_TOO_BIG");
  if (isBinary) {
    const problem = new MpubCheck(limits).check(body, 0, body.length, true);
    return problem ? new HttpError(413, problem.code) : mpubMessages(body, 0);
  }
  if (body.length <= limits.maxMsgSize) return lines(body); // so no line is too big
  for (const { from, to } of lines(body)) if (to - from > limits.maxMsgSize) return new HttpError(413, "MSG_TOO_BIG");
  return lines(body);
}

/** Each line is a message, empty ones are none, and nothing is trimmed. */
function* lines(body: Uint8Array): Iterable<Range> {
  for (let from = 0; from < body.length; ) {
    const lf = body.indexOf(LF, from);
    const to = lf < 0 ? body.length : lf;
    if (to > from) yield new Range(from, to);
    from = to + 1;
  }
}

/** Stores messages in as many calls as it takes. What was stored before a call that fails stays, as in nsqd. */
async function storeAll(
  broker: Broker,
  topic: string,
  body: Uint8Array,
  messages: Iterable<Range>,
): Promise<HttpError | null> {
  const writer = new RecordWriter();
  let isAnyStored = false;
  for (const { from, to } of messages) {
    writer.add(body, from, to);
    if (writer.size < CALL_BYTES) continue;
    const error = await store(broker, topic, taken(writer));
    if (error) return error;
    isAnyStored = true;
  }
  if (writer.count > 0) return store(broker, topic, taken(writer));
  if (!isAnyStored) await broker.topic(topic).create();
  return null;
}

function taken(writer: RecordWriter): Uint8Array {
  return concat(writer.take().map(({ bytes }) => bytes));
}

async function store(broker: Broker, topic: string, records: Uint8Array): Promise<HttpError | null> {
  const outcome = await broker.topic(topic).publish(records);
  return outcome === "stored" ? null : FAILURES[outcome];
}
