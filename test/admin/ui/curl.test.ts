// The lines that publish a message again are run by a real shell, with a function in curl's place.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { curlCommand, quote } from "../../../src/admin/ui/messages/curl.ts";

const URLS = {
  publishUrl: "http://broker/pub?topic=a%23ephemeral",
  bodyUrl: "http://broker/admin/api/message/a/1?due=5",
};
/** Tells what it was called with, and passes on what it would send. */
const CURL = `curl() {
  case $1 in
    --data-raw) printf '%s' "$2" > "$OUT"; shift 2;;
    --data-binary) [ "$2" = @- ] && cat > "$OUT"; shift 2;;
    -sf) printf 'body of %s' "$2"; return;;
  esac
  printf '%s' "$*" > "$OUT.url"
}`;

/** What a command sends, and where to. */
function run(command: string): { sent: Buffer; url: string } {
  const dir = mkdtempSync(join(tmpdir(), "curl-"));
  try {
    const OUT = join(dir, "out");
    execFileSync("sh", ["-c", `${CURL}\n${command}`], { env: { ...process.env, OUT } });
    return { sent: readFileSync(OUT), url: readFileSync(`${OUT}.url`, "utf8") };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function sentFor(body: Uint8Array): Buffer {
  const { sent, url } = run(curlCommand({ ...URLS, body }));
  expect(url).toBe(URLS.publishUrl);
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
    expect(curlCommand({ ...URLS, body: new TextEncoder().encode("@it's") })).toBe(
      `curl --data-raw '@it'\\''s' '${URLS.publishUrl}'`,
    );
  });

  it.each([
    ["is not loaded", null],
    ["is too long for a command line", new Uint8Array(40_000).fill(0x61)],
  ])("has curl fetch a body that %s", (_, body) => {
    const { sent, url } = run(curlCommand({ ...URLS, body }));
    expect([sent.toString(), url]).toEqual([`body of ${URLS.bodyUrl}`, URLS.publishUrl]);
  });
});

describe("quote", () => {
  it("makes one word of anything", () => {
    const text = "a 'b' \"c\" $d\n\\";
    expect(execFileSync("sh", ["-c", `printf '%s' ${quote(text)}`]).toString()).toBe(text);
  });
});
