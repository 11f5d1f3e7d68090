// FIN, REQ and TOUCH: what a consumer says of a message it was sent (spec 1.11).

import { type CommandLine, NOT_DECIMAL, parseDecimal } from "../../protocol/command.ts";
import { type ClientError, clientError } from "../../protocol/errors.ts";
import { MESSAGE_ID_LENGTH, parseMessageId } from "../../protocol/message-id.ts";
import type { Answered } from "../../queue/channel-queue.ts";
import { ClientState } from "../client-state.ts";
import type { Session } from "../session.ts";
import { type Command, invalid, wrongState } from "./command.ts";

type AnswerName = "FIN" | "REQ" | "TOUCH";

const REASONS = {
  "not-in-flight": "ID not in flight",
  "not-owner": "client does not own message",
} as const satisfies Record<Exclude<Answered, "done">, string>;

export const fin = answer("FIN", 1, (session, seq) => session.queue.finish(session.consumer, seq, session.now));

export const touch = answer("TOUCH", 1, (session, seq) => session.queue.touch(session.consumer, seq, session.now));

export const req = answer("REQ", 2, (session, seq, line) => {
  const text = line.param(1);
  const delay = parseDecimal(text);
  if (delay === NOT_DECIMAL) return invalid(`REQ could not parse timeout ${text}`);
  return session.queue.requeue(session.consumer, seq, Math.min(delay, session.limits.maxReqTimeoutMs), session.now);
});

function answer(
  name: AnswerName,
  params: number,
  carryOut: (session: Session, seq: number, line: CommandLine) => Answered | ClientError,
): Command {
  return {
    isBarrier: false,
    isGuarded: false,
    run: (session, line) => {
      if (session.state === ClientState.init) return wrongState(name);
      if (line.paramCount < params) return invalid(`${name} insufficient number of params`);
      if (line.paramLength(0) !== MESSAGE_ID_LENGTH) return invalid("invalid message ID");
      const seq = parseMessageId(line.buffer, line.paramStart(0), session.queue.node);
      const outcome = carryOut(session, seq, line);
      if (outcome === "done") {
        session.hasHeard();
        return null;
      }
      if (typeof outcome !== "string") return outcome;
      return answerFailed(name, line.param(0), outcome);
    },
  };
}

export function answerFailed(name: AnswerName, id: string, outcome: Exclude<Answered, "done">): ClientError {
  return clientError(`E_${name}_FAILED`, `${name} ${id} failed ${REASONS[outcome]}`);
}
