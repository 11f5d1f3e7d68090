import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import {
  duration,
  fromGo,
  hostPort,
  httpAddress,
  name,
  origin,
  positiveDuration,
  repeated,
  whole,
} from "../../src/cli/args.ts";
import { nodeOrigin } from "../../src/cli/commands/stat.ts";

describe("flags", () => {
  it("[CLI6] of a lookup behind TLS lead to nodes behind TLS", () => {
    const producer = { broadcast_address: "a.example", http_port: 443 };
    expect(nodeOrigin("https://lookup.example", producer)).toBe("https://a.example:443");
    expect(nodeOrigin("http://lookup:4161", { ...producer, broadcast_address: "::1" })).toBe("http://[::1]:443");
  });

  it.each([
    [["-topic=x"], ["--topic=x"]],
    [
      ["-topic", "x"],
      ["--topic", "x"],
    ],
    [["--topic=x"], ["--topic=x"]],
    [["-n=5"], ["-n", "5"]],
    [
      ["-n", "5"],
      ["-n", "5"],
    ],
    [
      ["pub", "t", "--", "-topic=x", "-n=5"],
      ["pub", "t", "--", "-topic=x", "-n=5"],
    ],
    [["-e2e-window=10m"], ["--e2e-window=10m"]],
    [["-other=x"], ["-other=x"]],
    [
      ["-topic", "-n=5", "-gzip", "-n=5"],
      ["--topic", "-n=5", "--gzip", "-n", "5"],
    ],
    [["-"], ["-"]],
  ])("[CLI1] have one dash or two, as Go reads them: %j", (args, rewritten) => {
    const known = [
      ...["--topic", "--e2e-window", "-n"].map((name) => ({ name, takesNext: true })),
      { name: "--gzip", takesNext: false },
    ];
    expect(fromGo(args, known)).toEqual(rewritten);
  });

  it("[CLI1] may be given several times, where NSQ's may", () => {
    const parse = repeated(hostPort);
    expect(parse("b:2", parse("a:1", undefined))).toEqual(["a:1", "b:2"]);
  });

  it.each([
    [duration, "1m30s", 90_000],
    [duration, "0", 0],
    [positiveDuration, "2s", 2_000],
    [whole(0), "0", 0],
    [whole(1), "200", 200],
    [name, "a.b_c-1#ephemeral", "a.b_c-1#ephemeral"],
    [hostPort, "127.0.0.1:4150", "127.0.0.1:4150"],
    [hostPort, "[::1]:4150", "[::1]:4150"],
    [httpAddress, "lookup:4161", "http://lookup:4161"],
    [httpAddress, "https://broker.example", "https://broker.example"],
    [origin, "https://broker.example/", "https://broker.example"],
  ] as [(text: string) => unknown, string, unknown][])("[CLI1] are read: %s %s", (parse, text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each([
    [duration, "5"],
    [duration, "720h"],
    [positiveDuration, "0"],
    [whole(1), "0"],
    [whole(0), "-1"],
    [whole(0), "1.5"],
    [whole(0), "9".repeat(20)],
    [name, "a b"],
    [name, "x".repeat(65)],
    [hostPort, "http://127.0.0.1:4151"],
    [hostPort, "127.0.0.1"],
    [httpAddress, "127.0.0.1"],
    [origin, "broker.example"],
    [origin, "https://broker.example/v2"],
    [origin, "ftp://broker.example"],
  ] as [(text: string) => unknown, string][])("[CLI2] that are wrong are refused: %s %s", (parse, text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});
