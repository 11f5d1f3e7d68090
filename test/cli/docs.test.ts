// The documentation: its commands are run as they are written, and what it refers to is there.

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { endWithThis } from "../../scripts/offspring.ts";
import { channelStats } from "../broker/stats.ts";

const PAGES = [
  "README.md",
  "llms.txt",
  ...readdirSync("docs")
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];
const BLOCK = /^```sh\n([\s\S]*?)^```$/gm;
/** Programs that are not called in earnest here, and the test that does; Docker may not be there. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "npm start": "test/broker/start.test.ts",
  "npm run deploy": "test/broker/deploy.test.ts",
  "docker build": "test/cli/serve-install.test.ts",
  "docker run": "test/cli/serve-install.test.ts",
};
const SHIMMED = ["npx", "npm", "docker"];
/** Of a server that hands tokens to its users (docs/security.md). */
const SERVER_TOKEN = "the-token-of-the-chat-server";

const blocks = PAGES.flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(BLOCK)].map(([, script], index) => ({
    page,
    index: index + 1,
    script: script as string,
  })),
);

let open: BrokerProcess;
let guarded: BrokerProcess;
let control: Server;
let bin: string;
let publishing: NodeJS.Timeout;
const secrets: Record<string, string> = { "auth-secret": "s".repeat(32), "auth-tokens": tokens("[]") };

/** The secret that somebody puts, and the token that the documentation takes for granted. */
function tokens(put: string): string {
  const sha256 = [createHash("sha256").update(SERVER_TOKEN).digest("hex")];
  const authorizations = [{ topic: "chat", channels: [".*"], permissions: ["subscribe"] }];
  return JSON.stringify([...(JSON.parse(put) as object[]), { identity: "chat-server", sha256, authorizations }]);
}

/** A broker that lets in whom the secrets say. */
async function startGuarded(httpPort = 0): Promise<BrokerProcess> {
  return startBroker({ httpPort, options: { open: "false", ...secrets } });
}

async function putSecret(name: string, value: string): Promise<void> {
  const option = name.toLowerCase().replaceAll("_", "-");
  // Without anything on stdin wrangler asks; what is put then is not in the documentation.
  if (value.trim() !== "") secrets[option] = option === "auth-tokens" ? tokens(value) : value.trim();
  const port = Number(new URL(guarded.http).port);
  await guarded.stop();
  guarded = await startGuarded(port);
}

beforeAll(async () => {
  [open, guarded] = await Promise.all([startBroker(), startGuarded()]);
  const orders = `${open.http}/pub?topic=orders`;
  await fetch(orders, { method: "POST", body: "an order" });
  await fetch(`${open.http}/channel/create?topic=orders&channel=billing`, { method: "POST" });
  // Somebody publishes, so that there is something to see.
  publishing = setInterval(() => void fetch(orders, { method: "POST", body: "an order" }).catch(() => {}), 50);
  control = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://control");
    const body = await text(request);
    const answer = async () => {
      const [, secret] = /^\/secret\/(.+)$/.exec(pathname) ?? [];
      if (secret !== undefined) return putSecret(secret, body);
      if (pathname === "/is-consumed") {
        const stats = await channelStats(open.http, "orders", "nsq_to_nsq");
        if (stats?.client_count !== 1) throw new Error("not yet");
        return;
      }
      if (!Object.keys(ELSEWHERE).some((command) => body.startsWith(command))) throw new Error(`nobody runs ${body}`);
    };
    await answer().then(
      () => response.end(),
      (error: Error) => response.writeHead(409).end(error.message),
    );
  });
  control.listen(0, "127.0.0.1");
  await once(control, "listening");
  bin = mkdtempSync(join(tmpdir(), "nsq-edge-docs-"));
  for (const program of SHIMMED) {
    const file = join(bin, program);
    writeFileSync(
      file,
      `#!/bin/sh\nexec "${process.execPath}" "${resolve("test/cli/docs-shims.ts")}" ${program} "$@"\n`,
    );
    chmodSync(file, 0o755);
  }
  // A status of 400 or more is no success.
  writeFileSync(join(bin, "curl"), `#!/bin/sh\nPATH=\${PATH#*:} exec curl -fsS "$@"\n`);
  chmodSync(join(bin, "curl"), 0o755);
});
afterAll(async () => {
  clearInterval(publishing);
  control?.close();
  await Promise.all([open?.stop(), guarded?.stop()]);
});

/** Where the documentation means a broker, one of this test is. */
function placed(script: string, folder: string): string {
  const { host } = new URL(open.http);
  return script
    .replaceAll("127.0.0.1:4151", host)
    .replaceAll("127.0.0.1:4150", open.tcp)
    .replaceAll("https://broker.example", open.http)
    .replaceAll("wss://broker.example", `ws://${host}`)
    .replaceAll("https://<broker>", guarded.http)
    .replaceAll("/var/lib/", `${folder}/`);
}

async function run(script: string): Promise<{ status: number | null; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), "nsq-edge-docs-"));
  const { port } = control.address() as AddressInfo;
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    DOCS_CONTROL: `http://127.0.0.1:${port}`,
    DOCS_MAIN: resolve("src/cli/main.ts"),
    NSQ_EDGE_URL: open.http,
    server: SERVER_TOKEN,
  };
  const shell: ChildProcess = spawn("bash", ["-euo", "pipefail", "-c", placed(script, folder)], { cwd: folder, env });
  endWithThis(shell);
  shell.stdin?.end();
  let output = "";
  for (const stream of [shell.stdout, shell.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  const [status] = (await once(shell, "close")) as [number | null];
  return { status, output };
}

describe("the documentation", () => {
  it.each(blocks)("[DOC1] has commands that work: $page, block $index", async ({ script }) => {
    const { status, output } = await run(script);
    expect(status, output).toBe(0);
  });

  it("[DOC1] leaves to other tests what they run", () => {
    for (const file of Object.values(ELSEWHERE)) expect(existsSync(file), file).toBe(true);
  });

  it("[DOC2] names only subcommands and scripts that there are", async () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const all = PAGES.map((page) => readFileSync(page, "utf8")).join("\n");
    const { output: help } = await run("npx nsq-edge --help");
    const commands = new Set(
      [...help.matchAll(/^ {2}([a-z][\w-]*)(?:\|(\w+))?(?= )/gm)].flatMap(([, name, alias]) => [name, alias]),
    );
    const named = [...all.matchAll(/npx nsq-edge ([a-z][\w-]*)/g)].map(([, command]) => command);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((command) => !commands.has(command))).toEqual([]);
    const run_ = [...all.matchAll(/npm run ([a-z][\w:]*)/g)].map(([, script]) => script as string);
    expect(run_.filter((script) => !(script in scripts))).toEqual([]);
  });

  it.each(PAGES)("[DOC2] refers to what there is: %s", (page) => {
    const links = [...readFileSync(page, "utf8").matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
      ([, link, source]) => link ?? source ?? "",
    );
    const files = links.filter((link) => !/^[a-z]+:|^#|^</.test(link)).map((link) => link.replace(/#.*$/, ""));
    expect(files.filter((file) => !existsSync(join(dirname(page), file)))).toEqual([]);
  });

  it("[DOC2] is listed in llms.txt, page by page", () => {
    const list = readFileSync("llms.txt", "utf8");
    expect(PAGES.filter((page) => page.startsWith("docs/") && !list.includes(`(${page})`))).toEqual([]);
  });
});
