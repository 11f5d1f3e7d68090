// Every command by its name: a missing one is a compile error.

import type { CommandName } from "../../protocol/command.ts";
import { fin, req, touch } from "./answer.ts";
import { auth } from "./auth.ts";
import type { Command } from "./command.ts";
import { cls, nop, rdy, sub } from "./consume.ts";
import { identify } from "./identify.ts";
import { dpub, mpub, pub } from "./publish.ts";

export const commands: Readonly<Record<CommandName, Command>> = {
  IDENTIFY: identify,
  AUTH: auth,
  SUB: sub,
  RDY: rdy,
  FIN: fin,
  REQ: req,
  TOUCH: touch,
  CLS: cls,
  NOP: nop,
  PUB: pub,
  MPUB: mpub,
  DPUB: dpub,
};
