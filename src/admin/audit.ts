// Every action is written down before it is carried out, and what became of it afterwards.

import type { Broker } from "../http/broker.ts";
import { HttpError } from "../http/respond.ts";
import type { Answer } from "./api.ts";
import { callerOf } from "./caller.ts";

export interface Action {
  /** nsqadmin's name for it: `pause_channel`, ... */
  readonly action: string;
  readonly topic: string;
  readonly channel?: string;
  readonly node?: string;
  readonly messageId?: string;
}

/** Without an entry nothing is carried out. */
export async function audited(
  request: Request,
  broker: Broker,
  { action, topic, channel = "", node = "", messageId = "" }: Action,
  carryOut: () => Promise<Response | HttpError>,
): Promise<Response | HttpError> {
  const entry = { ...callerOf(request, broker.identity), action, topic, channel, node, message_id: messageId };
  const id = await broker.lookup.recordAction(entry);
  let outcome = "INTERNAL_ERROR"; // unless it comes to an answer
  try {
    const answer = await carryOut();
    outcome = await outcomeOf(answer);
    return answer;
  } finally {
    // The action is done, or has failed, whether that can be written down or not.
    await broker.lookup.settleAction(id, outcome).catch((error: unknown) => {
      console.error(`outcome of action ${id} could not be written down:`, error);
    });
  }
}

/** `done`, or what the caller is told instead: nodes that could not be reached are a warning. */
async function outcomeOf(answer: Response | HttpError): Promise<string> {
  if (answer instanceof HttpError) return answer.code;
  const { message } = (await answer.clone().json()) as Answer;
  return message === "" ? "done" : message;
}
