// The lines that publish a message again are run by a real shell, with a function in curl's place.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { curlCommand, curlWords, quote } from "../../../src/admin/ui/messages/curl.ts";

const SOURCE = {
  publishUrl: "http://broker/pub?topic=a%23ephemeral",
  bodyUrl: "http://broker/admin/api/message/a/1?due=5",
  needsToken: false,
};
/** Tells what it was called with, and passes on what it would send. */
const CURL = `curl() {
  if [ "$1" = -H ]; then printf '%s\\n' "$2" >> "$OUT.headers"; shift 2; fi
  case $1 in
    --data-raw) printf '%s' "$2" > "$OUT"; shift 2;;
    --data-binary) [ "$2" = @- ] && cat > "$OUT"; shift 2;;
    -sf) printf 'body of %s' "$2"; return;;
  esac
  printf '%s' "$*" > "$OUT.url"
}`;

/** What is in the variable that the command takes it from. */
const TOKEN = "t'o\"k";

/** What a command sends, and where to; and the tokens that it shows. */
function run(command: string): { sent: Buffer; url: string; tokens: string[] } {
  const dir = mkdtempSync(join(tmpdir(), "curl-"));
  try {
    const OUT = join(dir, "out");
    execFileSync("sh", ["-c", `${CURL}\n${command}`], { env: { ...process.env, OUT, TOKEN } });
    const headers = existsSync(`${OUT}.headers`) ? readFileSync(`${OUT}.headers`, "utf8").trimEnd().split("\n") : [];
    const tokens = headers.map((header) => header.replace(/^Authorization: Bearer /, ""));
    return { sent: readFileSync(OUT), url: readFileSync(`${OUT}.url`, "utf8"), tokens };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function sentFor(body: Uint8Array): Buffer {
  const { sent, url } = run(curlCommand({ ...SOURCE, body }));
  expect(url).toBe(SOURCE.publishUrl);
  return sent;
}

describe("curlCommand", () => {
  it.each([
    "plain",
    "it's 'quoted'",
    "'",
    "@/etc/passwd",
    "-o x",
    '$HOME `id` $(id) \\ \\n ! " # ; | & *',
    "two\nlines\n",
    "tab\tand emoji 😀",
    "carriage\r\nreturn",
    "esc\u001b[31m",
    "nul\0nul\x001",
    "",
  ])("sends %j as it is", (text) => {
    expect(sentFor(new TextEncoder().encode(text)).toString()).toBe(text);
  });

  it("sends every byte as it is", () => {
    const body = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
    expect(Buffer.compare(sentFor(body), body)).toBe(0);
  });

  it("shows text as text, and never lets curl read a file", () => {
    expect(curlCommand({ ...SOURCE, body: new TextEncoder().encode("@it's") })).toBe(
      `curl --data-raw '@it'\\''s' '${SOURCE.publishUrl}'`,
    );
  });

  it.each([
    ["is not loaded", null],
    ["is too long for a command line", new Uint8Array(40_000).fill(0x61)],
  ])("has curl fetch a body that %s", (_, body) => {
    const { sent, url } = run(curlCommand({ ...SOURCE, body }));
    expect([sent.toString(), url]).toEqual([`body of ${SOURCE.bodyUrl}`, SOURCE.publishUrl]);
  });
});

describe("curlCommand for a broker that asks who calls", () => {
  it.each([
    ["is text", "a"],
    ["has what no terminal takes", "\u001b"],
  ])("[AUTH6] shows the token when it publishes a body that %s", (_, text) => {
    const command = curlCommand({ ...SOURCE, body: new TextEncoder().encode(text), needsToken: true });
    expect(run(command)).toEqual({ sent: Buffer.from(text), url: SOURCE.publishUrl, tokens: [TOKEN] });
  });

  it("[AUTH6] shows it when it fetches the body, too", () => {
    const { tokens } = run(curlCommand({ ...SOURCE, body: null, needsToken: true }));
    expect(tokens).toEqual([TOKEN, TOKEN]);
  });

  it("[AUTH6] does not know it", () => {
    expect(curlWords(true)).toBe('curl -H "Authorization: Bearer $TOKEN"');
    expect(curlWords(false)).toBe("curl");
  });
});

describe("quote", () => {
  it("makes one word of anything", () => {
    const text = "a 'b' \"c\" $d\n\\";
    expect(execFileSync("sh", ["-c", `printf '%s' ${quote(text)}`]).toString()).toBe(text);
  });
});
