// What goes wrong: one clear line, an exit status that says which kind it is, and nothing lost.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { freePort } from "../helpers/free-port.ts";
import { CliProcess, type Outcome, runCli } from "./run-cli.ts";

/** A command of each kind, complete but for where it goes to. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  pub: ["pub", "t", "message"],
  topics: ["topics"],
  channels: ["channels", "t"],
  topic: ["topic", "pause", "t"],
  channel: ["channel", "pause", "t", "c"],
  tail: ["tail", "--topic", "t", "--channel", "c"],
  stat: ["stat", "--topic", "t", "--channel", "c"],
  "to-nsq": ["to-nsq", "--topic", "t"],
  "to-file": ["to-file", "--topic", "t"],
  "to-http": ["to-http", "--topic", "t", "--post", "http://127.0.0.1:1/"],
  "to-nsq-topic": ["to-nsq-topic", "--topic", "t", "--destination-topic", "u"],
  "token mint": ["token", "mint", "--permission", "publish"],
};
const NAMES = Object.keys(COMMANDS);

const TOKENS = { everything: "token-of-the-operator", little: "token-of-somebody" };

let broker: BrokerProcess;
let nowhere: string;

beforeAll(async () => {
  const sum = (token: string) => createHash("sha256").update(token).digest("hex");
  const entry = (identity: string, token: string, topic: string, permissions: string[]) => {
    return { identity, sha256: [sum(token)], authorizations: [{ topic, channels: [".*"], permissions }] };
  };
  const tokens = [
    entry("operator", TOKENS.everything, ".*", ["publish", "subscribe", "admin", "read"]),
    entry("somebody", TOKENS.little, "^other$", ["subscribe"]),
  ];
  const secrets = { "auth-tokens": JSON.stringify(tokens), "auth-secret": "s".repeat(32) };
  broker = await startBroker({ options: { open: "false", ...secrets } });
  nowhere = `127.0.0.1:${await freePort()}`;
});
afterAll(() => broker?.stop());

/** With something on stdin, for those who read it. */
function run(name: string, ...args: string[]): Promise<Outcome> {
  return runCli([...(COMMANDS[name] as string[]), ...args], { stdin: "message\n" });
}

/** One line on stderr, and nothing on stdout; what was stored before is said where something may have been. */
function oneLine({ stdout, stderr }: Outcome): string {
  expect(stdout).toBe("");
  const lines = stderr.split("\n").filter((line) => !/^nsq-edge: \d+ messages were stored before that$/.test(line));
  expect(lines).toEqual([expect.stringMatching(/^nsq-edge: \S/), ""]);
  return lines[0] as string;
}

describe.concurrent("a command", () => {
  it.each(NAMES)("[CLI2] with a flag that is none ends with 2: %s", async (name) => {
    const outcome = await run(name, "--no-such-flag");
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toMatch(/^nsq-edge: unknown option '--no-such-flag'\n/);
  });

  it.each(NAMES)("[CLI2] that reaches nobody ends with 5: %s", async (name) => {
    const outcome = await run(name, "--url", `http://${nowhere}`);
    expect(outcome.status).toBe(5);
    expect(oneLine(outcome)).toMatch(/cannot|could not/);
    expect(outcome.stderr).toContain("ECONNREFUSED");
  });

  it.each(NAMES)("[CLI2] without a token ends with 4: %s", async (name) => {
    const outcome = await run(name, "--url", broker.http);
    expect({ status: outcome.status, line: oneLine(outcome) }).toEqual({
      status: 4,
      line: expect.stringMatching(/token|E_AUTH/),
    });
  });

  it.each(NAMES)("[CLI2] with a token that is nobody's ends with 4, and does not show it: %s", async (name) => {
    const outcome = await run(name, "--url", broker.http, "--token", "wrong-secret");
    expect(outcome.status).toBe(4);
    expect(oneLine(outcome)).not.toContain("wrong-secret");
  });

  it.each(NAMES.filter((name) => name !== "token mint"))(
    "[CLI2] with a token that allows too little ends with 4: %s",
    async (name) => {
      const outcome = await run(name, "--url", broker.http, "--token", TOKENS.little);
      expect(outcome.status).toBe(4);
      oneLine(outcome);
    },
  );

  it.each([
    ["a topic that is missing", ["tail"]],
    ["a topic that is none", ["tail", "--topic", "a b"]],
    ["a number that is none", ["tail", "--topic", "t", "-n", "x"]],
    ["two kinds of address", ["tail", "--topic", "t", "--nsqd-tcp-address", "h:1", "--lookupd-http-address", "h:2"]],
    ["an address and a URL", ["tail", "--topic", "t", "--nsqd-tcp-address", "h:1", "--url", "http://h"]],
    ["an option of go-nsq that is none", ["tail", "--topic", "t", "--consumer-opt", "no_such,1"]],
    ["an address with a scheme", ["stat", "--topic", "t", "--channel", "c", "--nsqd-http-address", "http://h:1"]],
    ["a count of 0", ["stat", "--topic", "t", "--channel", "c", "--count", "0"]],
    ["a delimiter of two bytes", ["to-nsq", "--topic", "t", "--delimiter", "ab"]],
    ["neither topic nor pattern", ["to-file"]],
    ["a pattern, and nobody who knows topics", ["to-file", "--topic-pattern", ".*", "--nsqd-tcp-address", "h:1"]],
    ["a pattern that is none", ["to-file", "--topic-pattern", "("]],
    ["no place for the revision", ["to-file", "--topic", "t", "--gzip", "--filename-format", "x"]],
    ["a gzip level of 10", ["to-file", "--topic", "t", "--gzip-level", "10"]],
    ["a switch that is neither on nor off", ["to-file", "--topic", "t", "--gzip=maybe"]],
    ["neither --get nor --post", ["to-http", "--topic", "t"]],
    ["both of them", ["to-http", "--topic", "t", "--get", "http://h/%s", "--post", "http://h/"]],
    ["a GET without a place for the message", ["to-http", "--topic", "t", "--get", "http://h/"]],
    ["a header that is none", ["to-http", "--topic", "t", "--post", "http://h/", "--header", "x"]],
    ["a share of 2", ["to-http", "--topic", "t", "--post", "http://h/", "--sample", "2"]],
    ["a mode that is none", ["to-http", "--topic", "t", "--post", "http://h/", "--mode", "best"]],
    ["a topic that would be copied to itself", ["to-nsq-topic", "--topic", "t"]],
    [
      "a topic that would be, however it is named",
      ["to-nsq-topic", "--topic", "t", "--destination-url", "http://127.0.0.1:4151/"],
    ],
    [
      "nsqds that would be",
      ["to-nsq-topic", "--topic", "t", "--nsqd-tcp-address", "h:1", "--destination-nsqd-tcp-address", "h:1"],
    ],
    ["no destination", ["to-nsq-topic", "--topic", "t", "--nsqd-tcp-address", "h:1"]],
    ["a permission that is none", ["token", "new", "--identity", "x", "--permission", "root"]],
    ["a date that is none", ["token", "new", "--identity", "x", "--permission", "read", "--expires", "soon"]],
    ["an empty message", ["pub", "t", ""]],
    ["a URL that is none", ["pub", "t", "x", "--url", "broker"]],
    ["a duration that is none", ["pub", "t", "x", "--defer", "5"]],
    ["a command that is none", ["publish"]],
  ])("[CLI2] with %s ends with 2", async (_, args) => {
    const { status, stdout, stderr } = await runCli(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^nsq-edge: \S[^\n]*\n/);
  });

  it("[CLI2] takes the broker and the token from the environment, and says so when they are wrong", async () => {
    const env = { NSQ_EDGE_URL: broker.http, NSQ_EDGE_TOKEN: TOKENS.everything };
    expect(await runCli(["pub", "environment", "x"], { env })).toMatchObject({ status: 0 });
    expect(await runCli(["pub", "environment", "x"], { env: { NSQ_EDGE_URL: "broker" } })).toEqual({
      status: 2,
      stdout: "",
      stderr: 'nsq-edge: NSQ_EDGE_URL is "broker". It must be a URL like https://broker.example.\n',
    });
  });

  it("[CLI11] to-nsq-topic shows its token to the broker that it takes messages from, however that is written", async () => {
    const env = { NSQ_EDGE_URL: `${broker.http}/`, NSQ_EDGE_TOKEN: TOKENS.everything };
    expect(await runCli(["pub", "from", "x"], { env })).toMatchObject({ status: 0 });
    const tool = new CliProcess(["to-nsq-topic", "--topic", "from", "--destination-topic", "to"], { stdin: "", env });
    expect((await runCli(["tail", "--topic", "to", "-n", "1"], { env })).stdout).toBe("x\n");
    expect(await tool.stop()).toMatchObject({ status: 0, stderr: "" });
  });

  it("[CLI2] that names what there is not ends with 3", async () => {
    const args = ["--url", broker.http, "--token", TOKENS.everything];
    expect(await runCli(["channels", "no-such", ...args])).toMatchObject({
      status: 3,
      stderr: "nsq-edge: there is no topic no-such\n",
    });
    const stat = ["stat", "--topic", "no-such", "--channel", "c"];
    expect(await runCli([...stat, ...args])).toMatchObject({
      status: 3,
      stderr: "nsq-edge: topic no-such has no channel c\n",
    });
  });

  it("[CLI15] makes tokens: an entry for the broker that does not hold its token, and smaller ones that it mints", async () => {
    const allowed = ["--topic", "^minted$", "--channel", "^c$", "--permission", "publish", "--permission", "subscribe"];
    const { stdout } = await runCli([
      "token",
      "new",
      "--identity",
      "me",
      ...allowed,
      "--expires",
      "2030-01-31",
      "--json",
    ]);
    const { token, entry } = JSON.parse(stdout) as { token: string; entry: object };
    expect(entry).toEqual({
      identity: "me",
      sha256: [createHash("sha256").update(token).digest("hex")],
      expires: "2030-01-31T00:00:00.000Z",
      authorizations: [{ topic: "^minted$", channels: ["^c$"], permissions: ["publish", "subscribe"] }],
    });
    const url = ["--url", broker.http];
    const mint = [
      "token",
      "mint",
      "--topic",
      "^minted$",
      "--permission",
      "publish",
      ...url,
      "--token",
      TOKENS.everything,
    ];
    const minted = (await runCli(mint)).stdout.trim();
    expect(await runCli(["pub", "minted", "x", ...url, "--token", minted])).toMatchObject({ status: 0 });
    expect(await runCli(["pub", "not-minted", "x", ...url, "--token", minted])).toMatchObject({ status: 4 });
  });

  it("[CLI2] that cannot make sense of an answer says so", async () => {
    const server = createServer((_, response) => response.writeHead(418).end("<h1>I am\na teapot</h1>"));
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const outcome = await runCli(["pub", "t", "x", "--url", `http://127.0.0.1:${port}`]);
    server.close();
    expect({ status: outcome.status, line: oneLine(outcome) }).toEqual({
      status: 1,
      line: expect.stringContaining("answered 418: <h1>I am a teapot</h1>"),
    });
  });

  it("[CLI1] has NSQ's name, too, and says its version and how it is used", async () => {
    const aliases = ["nsq_tail", "nsq_stat", "to_nsq", "nsq_to_file", "nsq_to_http", "nsq_to_nsq"];
    for (const alias of aliases) {
      expect((await runCli([alias, "--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    }
    const { status, stdout } = await runCli(["nsq_to_file", "--help"]);
    expect(status).toBe(0);
    for (const flag of ["--rotate-size", "--sync-interval", "--lookupd-http-address", "--consumer-opt"])
      expect(stdout).toContain(flag);
  });

  it("[CLI1] of NSQ's takes all flags that NSQ's takes", async () => {
    const timeouts = ["--http-client-connect-timeout=1s", "--http-client-request-timeout=1s"];
    const log = ["--log-level=fatal", "--log-prefix=[to_file] "];
    const url = ["--url", `http://${nowhere}`];
    expect(await run("to-file", ...timeouts, ...log, ...url)).toMatchObject({
      status: 5,
      stderr: expect.stringMatching(/^\[to_file\] \S+ cannot/),
    });
    expect(await run("to-http", ...timeouts, "--status-every=1", ...url)).toMatchObject({ status: 5 });
    expect(await run("stat", ...timeouts, ...url)).toMatchObject({ status: 5 });
    expect(await run("to-file", "--log-level=loud", ...url)).toMatchObject({ status: 2 });
  });

  it("[CLI12] that consumes goes on when the broker is gone, and says so once for each attempt", async () => {
    const own = await startBroker({});
    const tail = new CliProcess(["tail", "--topic", "t", "--url", own.http], { stdin: "" });
    await fetch(`${own.http}/pub?topic=t`, { method: "POST", body: "first" });
    await tail.printed("first");
    await own.stop("SIGKILL");
    const again = await startBroker({ httpPort: Number(new URL(own.http).port) });
    await fetch(`${again.http}/pub?topic=t`, { method: "POST", body: "second" });
    await tail.printed("second");
    const { status, stderr } = await tail.stop();
    await again.stop();
    expect(status).toBe(0);
    expect(stderr).toMatch(/^nsq-edge: ws:\/\/127\.0\.0\.1:\d+\/v2\?topic=t&channel=tail\d{6}%23ephemeral: \S/);
  });
});
