// AUTH (spec 1.8).

import { fromUtf8 } from "../../protocol/bytes.ts";
import { clientError } from "../../protocol/errors.ts";
import { ClientState } from "../client-state.ts";
import { type Command, invalid, wholeBody, wrongState } from "./command.ts";

export const auth: Command = {
  isBarrier: true,
  isGuarded: false,
  run: (session, line) => {
    if (session.state !== ClientState.init) return wrongState("AUTH");
    return line.paramCount === 0 ? null : invalid("AUTH invalid number of parameters");
  },
  body: wholeBody("AUTH", (session, buffer, start, end) => {
    if (!session.access.takesAuth) return invalid("AUTH already set");
    if (!session.access.isGuarded) return clientError("E_AUTH_DISABLED", "AUTH disabled");
    session.startAuth(fromUtf8(buffer.subarray(start, end)));
    return null;
  }),
};
