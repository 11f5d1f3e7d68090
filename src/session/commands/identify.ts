// IDENTIFY (spec 1.6).

import { utf8 } from "../../protocol/bytes.ts";
import { clientError } from "../../protocol/errors.ts";
import { responseFrame } from "../../protocol/frame.ts";
import { decodeIdentify, negotiate } from "../../protocol/identify.ts";
import { ClientState } from "../client-state.ts";
import { type Command, wholeBody, wrongState } from "./command.ts";

export const identify: Command = {
  isBarrier: true,
  isGuarded: false,
  run: (session) => (session.state === ClientState.init ? null : wrongState("IDENTIFY")),
  body: wholeBody("IDENTIFY", (session, buffer, start, end) => {
    const request = decodeIdentify(buffer.subarray(start, end));
    if (request === null) return clientError("E_BAD_BODY", "IDENTIFY failed to decode JSON body");
    const negotiated = negotiate(request, session.settings, session.limits);
    if ("code" in negotiated) return negotiated;
    session.settings = negotiated.settings;
    session.reply(responseFrame(utf8(negotiated.reply)));
    if (negotiated.settings.compression !== "none") session.startCompression();
    return null;
  }),
};
