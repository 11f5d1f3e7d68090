// A pattern of names, as NSQ's auth servers write them: a regular expression in RE2's syntax, whose time is linear in the length of a
// name, whatever it says (nsq internal/auth/authorizations.go; github.com/google/re2/wiki/Syntax).

import { RE2JS } from "re2js";
import { isValidName } from "../protocol/names.ts";

/** Where a pattern must match: the whole name, or anywhere in it as at an NSQ auth server. */
export type Reach = "whole" | "anywhere";

/** Letters; longer ones are refused. An auth server is trusted with long lists of names. */
export const MAX_PATTERN: Readonly<Record<Reach, number>> = { whole: 256, anywhere: 4_096 };

/** `a{1000}` is a thousand steps for each letter of a name: whoever mints a token could keep an isolate busy with it. */
const COUNTED = /\{\d/;
const EVERYTHING = ".*";
/** What means itself: most patterns are just a name. */
const LITERAL = /^[\w-]*$/;
const SPECIAL = /[.#]/g;

export class Pattern {
  readonly text: string;
  readonly reach: Reach;
  readonly #expression: RE2JS | null;

  private constructor(text: string, reach: Reach, expression: RE2JS | null) {
    this.text = text;
    this.reach = reach;
    this.#expression = expression;
  }

  /** Null when it is no pattern, or too long a one. */
  static parse(text: string, reach: Reach): Pattern | null {
    if (text.length > MAX_PATTERN[reach] || (reach === "whole" && COUNTED.test(text))) return null;
    if (text === EVERYTHING || (reach === "whole" && LITERAL.test(text))) return new Pattern(text, reach, null);
    try {
      return new Pattern(text, reach, RE2JS.compile(text));
    } catch {
      return null; // why is of no use to whoever may have sent it
    }
  }

  /** Whether it was written to match whatever there is. */
  get isEverything(): boolean {
    return this.text === EVERYTHING;
  }

  /** What is no name, and may be as long as a URL, only `.*` matches; "" stands for the topic itself. */
  matches(name: string): boolean {
    if (this.#expression === null) return this.isEverything || this.text === name;
    if (name !== "" && !isValidName(name)) return false;
    return this.reach === "whole" ? this.#expression.matches(name) : this.#expression.matcher(name).find();
  }
}

/** The pattern of a single name. */
export function literal(name: string, reach: Reach): Pattern {
  const text = name.replace(SPECIAL, "\\$&");
  return Pattern.parse(reach === "whole" ? text : `^${text}$`, reach) as Pattern;
}
