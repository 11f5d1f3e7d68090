// SUB, RDY, CLS and NOP (spec 1.9, 1.10, 1.12, 1.13).

import { NOT_DECIMAL, parseDecimal } from "../../protocol/command.ts";
import { clientError } from "../../protocol/errors.ts";
import { CLOSE_WAIT_FRAME } from "../../protocol/frame.ts";
import { quote } from "../../protocol/go-quote.ts";
import { isValidName } from "../../protocol/names.ts";
import { ClientState } from "../client-state.ts";
import { type Command, invalid, wrongState } from "./command.ts";

export const sub: Command = {
  isBarrier: true,
  isGuarded: true,
  run: (session, line) => {
    if (session.state !== ClientState.init) return wrongState("SUB");
    if (session.needsHeartbeats && session.settings.heartbeatIntervalMs === 0) {
      return invalid("cannot SUB with heartbeats disabled");
    }
    if (line.paramCount < 2) return invalid("SUB insufficient number of parameters");
    const topic = line.param(0);
    if (!isValidName(topic)) return clientError("E_BAD_TOPIC", `SUB topic name ${quote(topic)} is not valid`);
    const channel = line.param(1);
    if (!isValidName(channel)) return clientError("E_BAD_CHANNEL", `SUB channel name ${quote(channel)} is not valid`);
    const refusal = session.access.refusal("SUB", topic, channel);
    if (refusal === null) session.startSubscribe(topic, channel);
    return refusal;
  },
};

export const rdy: Command = {
  isBarrier: false,
  isGuarded: false,
  run: (session, line) => {
    if (session.state === ClientState.closing) return null;
    if (session.state !== ClientState.subscribed) return wrongState("RDY");
    const text = line.paramCount > 0 ? line.param(0) : "1";
    const count = parseDecimal(text);
    if (count === NOT_DECIMAL) return invalid(`RDY could not parse count ${text}`);
    const { maxRdyCount } = session.limits;
    if (count > maxRdyCount) return invalid(`RDY count ${plain(text)} out of range 0-${maxRdyCount}`);
    session.consumer.rdy = count;
    return null;
  },
};

export const cls: Command = {
  isBarrier: true,
  isGuarded: false,
  run: (session) => {
    if (session.state !== ClientState.subscribed) return wrongState("CLS");
    session.startClosing();
    session.replies.push(CLOSE_WAIT_FRAME);
    return null;
  },
};

/** The answer to a heartbeat. */
export const nop: Command = {
  isBarrier: false,
  isGuarded: false,
  run: (session) => {
    session.hasHeard();
    return null;
  },
};

/** A number as nsqd prints it back. */
export function plain(digits: string): string {
  return digits.replace(/^0+(?=\d)/, "");
}
