// What can go wrong for whoever uses the client.

export class NsqError extends Error {
  override name = "NsqError";
}

/** An option that is none, or whose value is out of range. */
export class OptionError extends NsqError {
  override name = "OptionError";
  readonly option: string;

  constructor(option: string, problem: string) {
    super(`invalid option ${option}: ${problem}`);
    this.option = option;
  }
}

/** There is no connection, or it was lost before an answer came: what became of a publish is not known. */
export class NotConnectedError extends NsqError {
  override name = "NotConnectedError";
}

/** It was stopped. */
export class StoppedError extends NsqError {
  override name = "StoppedError";

  constructor() {
    super("stopped");
  }
}

/** An error frame of the server. */
export class ProtocolError extends NsqError {
  override name = "ProtocolError";
  /** For instance `E_BAD_TOPIC`. */
  readonly code: string;

  constructor(text: string) {
    super(text);
    this.code = text.split(" ", 1)[0] ?? "";
  }
}

/** What came is not the V2 protocol. */
export class MalformedError extends NsqError {
  override name = "MalformedError";
}
