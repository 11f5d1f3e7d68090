// A line of shell that publishes a body again. It is pasted into terminals: a body may hold quotes, and bytes that a terminal obeys.

import { utf8 } from "./body.ts";

export interface CurlSource {
  /** Where it is published. */
  readonly publishUrl: string;
  /** Where the body is. */
  readonly bodyUrl: string;
  /** Null when it is not here. */
  readonly body: Uint8Array | null;
  /** Whether the broker asks who calls. */
  readonly needsToken: boolean;
}

/** Linux lets no argument be longer than 128 KiB, and nobody wants to paste that much. */
const MAX_INLINE = 32 * 1024;
/** What a terminal takes for a key that was pressed; a carriage return may become a newline on the way. */
const UNPASTABLE = /[^\P{Cc}\t\n]/u;

export function curlCommand({ publishUrl, bodyUrl, body, needsToken }: CurlSource): string {
  const curl = curlWords(needsToken);
  if (body === null || body.length > MAX_INLINE) {
    return `${curl} -sf ${quote(bodyUrl)} | ${curl} --data-binary @- ${quote(publishUrl)}`;
  }
  const text = utf8(body, true);
  // Not --data: that would read a file for a body that begins with @.
  if (text !== null && !UNPASTABLE.test(text)) return `${curl} --data-raw ${quote(text)} ${quote(publishUrl)}`;
  return `printf '%b' '${octal(body)}' | ${curl} --data-binary @- ${quote(publishUrl)}`;
}

/** How a line begins. The token itself is not known to the page, and would be kept in the shell's history. */
export function curlWords(needsToken: boolean): string {
  return needsToken ? 'curl -H "Authorization: Bearer $TOKEN"' : "curl";
}

/** One word for a POSIX shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** For printf's %b, within single quotes. */
function octal(body: Uint8Array): string {
  let text = "";
  for (const byte of body) {
    const char = String.fromCharCode(byte);
    text += /[ -~]/.test(char) && !/['\\]/.test(char) ? char : `\\0${byte.toString(8).padStart(3, "0")}`;
  }
  return text;
}
