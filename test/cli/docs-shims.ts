// What stands for the programs that the documentation calls, so that its commands can be run as they are written: each is this file, called
// by another name. What it was called for goes to the test, which knows the broker.

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";

const { DOCS_CONTROL: control = "", DOCS_MAIN: main = "" } = process.env;
const [, , program = "", ...args] = process.argv;

/** Commands that go on until they are told to end, and what says that they are under way. */
const LONG_RUNNING: Readonly<Record<string, (stderr: string) => boolean | Promise<boolean>>> = {
  serve: (stderr) => stderr.includes("listening"),
  bridge: (stderr) => stderr.split("listening").length > 3,
  "to-nsq-topic": () => isConsumed(),
};
/** Fixed ports may be taken. */
const ANY_PORT: Readonly<Record<string, readonly string[]>> = {
  serve: ["--http-address", "127.0.0.1:0", "--tcp-address", "127.0.0.1:0"],
  bridge: ["--http-address", "127.0.0.1:0", "--tcp-address", "127.0.0.1:0", "--lookupd-http-address", "127.0.0.1:0"],
};

async function isConsumed(): Promise<boolean> {
  return (await fetch(`${control}/is-consumed`)).ok;
}

async function tell(path: string, body: string): Promise<void> {
  const response = await fetch(`${control}${path}`, { method: "POST", body });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
}

async function nsqEdge(command: string, rest: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [resolve(main), command, ...rest, ...(ANY_PORT[command] ?? [])], {
    stdio: ["inherit", "inherit", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
    process.stderr.write(chunk);
  });
  const ended = new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? 1)));
  const isUnderWay = LONG_RUNNING[command];
  if (isUnderWay) {
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!isOver && !(await isUnderWay(stderr))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGTERM");
  }
  return ended;
}

async function npx(): Promise<number> {
  const [tool = "", command = "", ...rest] = args;
  if (tool === "nsq-edge") return nsqEdge(command, rest);
  if (tool === "wrangler" && command === "secret") {
    await tell(`/secret/${rest[1]}`, process.stdin.isTTY ? "" : await text(process.stdin));
    return 0;
  }
  if (tool === "openapi-typescript") {
    const document = (await (await fetch(command)).json()) as { openapi: string };
    return document.openapi.startsWith("3.1") ? 0 : 1;
  }
  throw new Error(`nothing stands for npx ${tool}`);
}

/** What another test runs in earnest. */
async function elsewhere(): Promise<number> {
  await tell("/elsewhere", [program, ...args].join(" "));
  return 0;
}

process.exitCode = await (program === "npx" ? npx() : elsewhere());
