// PUB, DPUB and MPUB (spec 1.14).

import { type CommandLine, NOT_DECIMAL, parseDecimal } from "../../protocol/command.ts";
import { type ClientError, clientError } from "../../protocol/errors.ts";
import { quote } from "../../protocol/go-quote.ts";
import { MpubCheck, type MpubProblem } from "../../protocol/mpub-body.ts";
import { isValidName } from "../../protocol/names.ts";
import type { Session } from "../session.ts";
import { type Command, type CommandBody, invalid } from "./command.ts";
import { plain } from "./consume.ts";

export const pub: Command = {
  isBarrier: false,
  isGuarded: true,
  run: (session, line) => {
    if (line.paramCount < 1) return invalid("PUB insufficient number of parameters");
    return begin(session, "PUB", line, 0);
  },
  body: oneMessage("PUB"),
};

export const dpub: Command = {
  isBarrier: false,
  isGuarded: true,
  run: (session, line) => {
    if (line.paramCount < 2) return invalid("DPUB insufficient number of parameters");
    const error = begin(session, "DPUB", line, 0);
    if (error) return error;
    const text = line.param(1);
    const delay = parseDecimal(text);
    if (delay === NOT_DECIMAL) return invalid(`DPUB could not parse timeout ${text}`);
    const max = session.limits.maxReqTimeoutMs;
    if (delay > max) return invalid(`DPUB timeout ${plain(text)} out of range 0-${max}`);
    session.publishing.deferMs = delay;
    return null;
  },
  body: oneMessage("DPUB"),
};

export const mpub: Command = {
  isBarrier: false,
  isGuarded: true,
  run: (session, line) => {
    if (line.paramCount < 1) return invalid("MPUB insufficient number of parameters");
    session.publishing.check = new MpubCheck(session.limits);
    // In nsqd the others are refused behind their bodies (nsqd/protocol_v2.go).
    return begin(session, "MPUB", line, 0) ?? session.publishing.refusal("MPUB");
  },
  body: {
    run: (session, buffer, start, end) => {
      const { check } = session.publishing;
      const problem = check.check(buffer, start, end, true);
      if (problem) return refuse(session, problem);
      // nsqd takes what is left over for the next command; no client means that.
      const rest = end - start - check.end;
      if (rest > 0) return clientError("E_BAD_BODY", `MPUB body has ${rest} bytes behind its last message`);
      return session.publish("MPUB", start, end, check.count);
    },
    arriving: (session, buffer, start, end) => {
      const problem = session.publishing.check.check(buffer, start, end, false);
      return problem && refuse(session, problem);
    },
    badSize: (session, size) => {
      const { maxBodySize } = session.limits;
      const text = size > 0 ? `MPUB body too big ${size} > ${maxBodySize}` : `MPUB invalid body size ${size}`;
      return refuse(session, { code: "BAD_BODY", text });
    },
    cutOff: (session, where, part) => {
      if (where === "size") return refuse(session, { code: "BAD_BODY", text: "MPUB failed to read body size" });
      const problem = session.publishing.check.check(part, 0, part.length, true);
      return refuse(session, problem ?? { code: "BAD_MESSAGE", text: "MPUB failed to read message body" });
    },
  },
};

/** In nsqd the topic comes to be before the body is looked at. */
function refuse(session: Session, { code, text }: MpubProblem): ClientError {
  const { topic } = session.publishing;
  if (topic !== null) session.host.createTopic(topic);
  return clientError(`E_${code}`, text);
}

function begin(
  session: Session,
  name: "PUB" | "DPUB" | "MPUB",
  line: CommandLine,
  deferMs: number,
): ClientError | null {
  const topic = line.param(0);
  // A connection mostly publishes to one topic: its name need not be checked again and again.
  if (topic !== session.publishing.topic) {
    if (!isValidName(topic)) {
      // MPUB really says the code twice (nsqd/protocol_v2.go MPUB).
      const code = name === "MPUB" ? "E_BAD_TOPIC " : "";
      return clientError("E_BAD_TOPIC", `${code}${name} topic name ${quote(topic)} is not valid`);
    }
    session.publishing.topic = topic;
  }
  session.publishing.deferMs = deferMs;
  return null;
}

function oneMessage(name: "PUB" | "DPUB"): CommandBody {
  const bad = (text: string) => clientError("E_BAD_MESSAGE", `${name} ${text}`);
  return {
    run: (session, _buffer, start, end) => session.publishing.refusal(name) ?? session.publish(name, start, end, 1),
    badSize: ({ limits }, size) =>
      size > 0 ? bad(`message too big ${size} > ${limits.maxMsgSize}`) : bad(`invalid message body size ${size}`),
    cutOff: (_session, where) =>
      bad(where === "size" ? "failed to read message body size" : "failed to read message body"),
  };
}
