// The broker on one's own machine: what `serve` takes, says, and refuses.

import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { run } from "../../src/cli/program.ts";
import { brokerIn } from "../../src/cli/serve/packaged-broker.ts";
import { Client } from "../broker/client.ts";
import { commandOf, folder, Served, serve, workerdOf } from "./served.ts";

const TOKEN = "let-me-in";

describe.skipIf(process.platform === "win32")("serve", () => {
  it("[SERVE1] serves HTTP, TCP and the pages, and keeps its data where it is told to", async () => {
    const dir = join(await folder(), "made", "here");
    const broker = await Served.start(dir);
    const consumer = await Client.open(broker.tcp);
    onTestFinished(() => consumer.close());
    await consumer.subscribe("test", "c");
    consumer.ready(1);
    expect(await publish(broker, "test", "hello")).toBe("OK");
    await consumer.received(1);
    const page = await fetch(`${broker.http}/admin/`);
    expect([page.status, page.headers.get("Content-Type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(dir, "Topic")).some((name) => name.endsWith(".sqlite"))).toBe(true);
  });

  it("[SERVE2] logs one line of JSON for each event, its own and the broker's, and prints nothing else", async () => {
    const broker = await Served.start(await folder());
    await publish(broker, "test", "hello");
    await broker.logged("TOPIC(test): created");
    const { status, stdout, stderr } = await broker.kill("SIGTERM");
    expect([status, stdout]).toEqual([0, ""]);
    const entries = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { time: string; level: string; msg: string });
    for (const { time } of entries) expect(new Date(time).toISOString()).toBe(time);
    expect(entries.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      "info open: whoever can reach this broker may use it (docs/security.md)",
      "info listening",
      "info TOPIC(test): created",
      "info stopping",
      "info stopped",
    ]);
  });

  it("[SERVE2] logs for people when it is told to", async () => {
    const served = new Served(["--data", await folder(), "--log-format=text", "--http-address=:0", "--tcp-address=:0"]);
    onTestFinished(() => served.remove());
    expect(await served.line(/ listening /)).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}listening http=:\d+ tcp=:\d+ data=\//,
    );
  });

  it.each([
    [["--msg-timeout=90x"], {}, /^nsq-edge: --msg-timeout is "90x"; it must be a duration like 90s/],
    [[], { NSQ_EDGE_MSG_TIMEOUT: "90x" }, /^nsq-edge: --msg-timeout is "90x"; it must be a duration like 90s/],
    [["--log-level=loud"], {}, /^nsq-edge: --log-level is "loud"; it must be one of debug/],
    [["--log-format=xml"], {}, /^nsq-edge: .*--log-format.* Allowed choices are text, json/],
    [["--drain-timeout=2"], {}, /^nsq-edge: .*--drain-timeout.* must be a duration/],
    [["--http-address=nowhere"], {}, /^nsq-edge: .*--http-address.* must be host:port/],
    [[], { NSQ_EDGE_TCP_ADDRESS: "127.0.0.1:65536" }, /^nsq-edge: .*--tcp-address.* must be host:port/],
    [["--no-such-flag"], {}, /^nsq-edge: unknown option '--no-such-flag'/],
    [["--auth-tokens=[]"], {}, /^nsq-edge: unknown option '--auth-tokens=\[\]'/],
    [["--auth-tokens-file=/no/such/file"], {}, /^nsq-edge: --auth-tokens-file .* cannot be read: ENOENT/],
    [["--auth-secret-file=x"], { NSQ_EDGE_AUTH_SECRET: "y" }, /^nsq-edge: --auth-secret-file and NSQ_EDGE_AUTH_SECRET/],
  ] as const)("[SERVE3] refuses what is wrong in one line: %j %j", async (args, env, line) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const written: string[] = [];
    const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    onTestFinished(() => {
      stderr.mockRestore();
      vi.unstubAllEnvs();
    });
    expect(await run(["serve", "--data=/dev/null/nowhere", ...args])).toBe(2);
    expect(written[0]).toMatch(line);
    expect(written.join("").trimEnd().split("\n")).toHaveLength(1);
  });

  it.each([
    [["--data=/dev/null/x"], {}, 1, "/dev/null/x cannot be used for data: ENOTDIR"],
    [[], { NSQ_EDGE_AUTH_TOKENS: "no JSON" }, 2, "--auth-tokens must be a JSON list"],
  ] as const)("[SERVE3] refuses what cannot be used in one line: %j %j", async (args, env, status, line) => {
    const ended = await serve([`--data=${await folder()}`, ...args], env);
    expect(ended).toEqual({ status, stdout: "", stderr: `nsq-edge: ${line}\n` });
  });

  it("[SERVE3] says in one line that a port is taken, and that it is not built", async () => {
    const other = createTcpServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { status, stderr } = await serve(["--data", await folder(), `--tcp-address=${address}`]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(`^nsq-edge: ${address}: Address already in use.*\n$`)]);
    const nowhere = await folder();
    expect(() => brokerIn(nowhere)).toThrow(
      `${join(nowhere, "dist/worker/index.js")} is missing: npm run build makes it`,
    );
  });

  it("[SERVE3] takes nsqd's flags, and their like in the environment, which a flag overrides", async () => {
    const env = { NSQ_EDGE_MAX_RDY_COUNT: "7", NSQ_EDGE_MSG_TIMEOUT: "5s", NSQ_EDGE_MAX_MSG_SIZE: "" };
    const broker = await Served.start(await folder(), ["--msg-timeout", "90s", "--snappy=false", "--deflate"], env);
    const config = async (name: string) => (await fetch(`${broker.http}/config/${name}`)).json();
    expect(await config("msg_timeout")).toBe(90e9);
    expect(await config("max_rdy_count")).toBe(7);
    expect(await config("max_msg_size")).toBe(1_048_576);
    expect([await config("snappy"), await config("deflate")]).toEqual([false, true]);
  });

  it("[SERVE4] lets nobody in from elsewhere unless it is told to, and says so", async () => {
    const closed = await Served.start(await folder(), ["--http-address=0.0.0.0:0"]);
    expect(await statusOf(closed)).toBe(403);
    await closed.logged("closed: nobody has said who may use it; set auth-tokens (docs/security.md) or --open");
    const open = await Served.start(await folder(), ["--http-address=0.0.0.0:0", "--open"]);
    expect(await statusOf(open)).toBe(200);
    const shut = await Served.start(await folder(), ["--open=false"]);
    expect(await statusOf(shut)).toBe(403);
  });

  it("[SERVE5] takes secrets from files and the environment, and shows them nowhere", async () => {
    const [dir, secrets] = [await folder(), await folder()];
    const tokens = await tokensFor(TOKEN);
    await writeFile(join(secrets, "tokens"), `${tokens}\n`);
    for (const given of [
      [["--auth-tokens-file", join(secrets, "tokens")], {}],
      [[], { NSQ_EDGE_AUTH_TOKENS: tokens }],
    ] as const) {
      const broker = await Served.start(dir, given[0], given[1]);
      expect(await statusOf(broker)).toBe(401);
      expect(await statusOf(broker, { Authorization: `Bearer ${TOKEN}` })).toBe(200);
      const { sha256 } = (JSON.parse(tokens) as [{ sha256: [string] }])[0];
      if (process.platform === "linux") {
        for (const pid of [broker.pid, workerdOf(dir)]) {
          expect(commandOf(pid)).not.toContain(sha256[0]);
        }
      }
      expect(readFileSync(join(dir, "workerd.capnp"), "utf8")).not.toContain(sha256[0]);
      const { stderr } = await broker.kill("SIGTERM");
      expect(stderr).not.toContain(sha256[0]);
    }
  });

  it("[SERVE6] lets one server have a folder at a time", async () => {
    const dir = await folder();
    const broker = await Served.start(dir);
    const { status, stderr } = await serve(["--data", dir]);
    expect([status, stderr]).toEqual([1, `nsq-edge: ${dir} is in use by another server (process ${broker.pid})\n`]);
    expect(await publish(broker, "test", "still here")).toBe("OK");
    await broker.kill("SIGTERM");
    await Served.start(dir);
  });

  it("[SERVE7] calls servers at home, and by TLS", async () => {
    const plain = createServer();
    const told = once(plain.listen(0, "127.0.0.1"), "listening").then(() => once(plain, "request"));
    const tls = createTcpServer().listen(0, "127.0.0.1");
    onTestFinished(() => void [plain.close(), tls.close()]);
    await Promise.all([once(plain, "listening"), once(tls, "listening")]);
    const hello = once(tls, "connection").then(async ([socket]) => {
      const [bytes] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      return bytes[0];
    });
    const endpoint = (scheme: string, server: typeof tls) =>
      `--notification-http-endpoint=${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const atHome = await Served.start(await folder(), [endpoint("http", plain as typeof tls)]);
    await act(atHome);
    const [request, response] = (await told) as [IncomingMessage, { end(): void }];
    response.end();
    expect(request.method).toBe("POST");
    const byTls = await Served.start(await folder(), [endpoint("https", tls)]);
    await act(byTls);
    expect(await hello, "the first byte of a TLS handshake").toBe(22);
  });
});

function publish({ http }: Served, topic: string, body: string): Promise<string> {
  return fetch(`${http}/pub?topic=${topic}`, { method: "POST", body }).then((response) => response.text());
}

async function statusOf({ http }: Served, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`${http.replace("0.0.0.0", "127.0.0.1")}/stats`, { headers })).status;
}

/** What nsqadmin tells its notification endpoint. */
async function act({ http }: Served): Promise<void> {
  const body = JSON.stringify({ topic: "test", channel: "" });
  const { status } = await fetch(`${http}/admin/api/topics`, { method: "POST", body });
  expect(status).toBe(200);
}

async function tokensFor(token: string): Promise<string> {
  const sum = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(token))).toString("hex");
  const authorizations = [{ topic: ".*", channels: [".*"], permissions: ["read"] }];
  return JSON.stringify([{ identity: "ops", sha256: [sum], authorizations }]);
}
