// What a command is to a session.

import type { CommandLine, CommandName } from "../../protocol/command.ts";
import { type ClientError, clientError } from "../../protocol/errors.ts";
import type { Session } from "../session.ts";

export interface Command {
  /** Whether it is held until everything before it is answered: what follows depends on it. */
  readonly isBarrier: boolean;
  /** Whether it takes a permission: whoever vouches for the client may have to be asked again before. */
  readonly isGuarded: boolean;
  /** Carries out the line; of a command with a body, checks what can be checked before it. */
  run(session: Session, line: CommandLine): ClientError | null;
  readonly body?: CommandBody;
}

export interface CommandBody {
  /** Carries out the command whose body lies in `buffer` from `start` to `end`. */
  run(session: Session, buffer: Uint8Array, start: number, end: number): ClientError | null;
  /** Looks at the beginning of a body that has not come whole yet: up to `end`. */
  arriving?(session: Session, buffer: Uint8Array, start: number, end: number): ClientError | null;
  /** The announced size is zero, negative or over the limit. */
  badSize(session: Session, size: number): ClientError;
  /** The input ended inside the size, or inside the body of which `part` came. */
  cutOff(session: Session, where: "size" | "body", part: Uint8Array): ClientError;
}

export function invalid(text: string): ClientError {
  return clientError("E_INVALID", text);
}

export function wrongState(name: CommandName): ClientError {
  return invalid(`cannot ${name} in current state`);
}

/** The size and body checks of IDENTIFY and AUTH. */
export function wholeBody(name: "IDENTIFY" | "AUTH", run: CommandBody["run"]): CommandBody {
  const bad = (text: string) => clientError("E_BAD_BODY", `${name} ${text}`);
  return {
    run,
    badSize: ({ limits }, size) =>
      size > 0 ? bad(`body too big ${size} > ${limits.maxBodySize}`) : bad(`invalid body size ${size}`),
    cutOff: (_session, where) => bad(where === "size" ? "failed to read body size" : "failed to read body"),
  };
}
