import { describe, expect, it } from "vitest";
import { parseOptions } from "../src/options.ts";
import { ownPeerInfo } from "../src/own-node.ts";

function calledAt(url: string | null, vars: Record<string, string> = {}) {
  const { hostname, broadcast_address, tcp_port, http_port } = ownPeerInfo(
    parseOptions(vars),
    url ? new URL(url) : null,
  );
  return [hostname, broadcast_address, http_port, tcp_port];
}

describe("where the broker is", () => {
  it.each<[string, string, number]>([
    ["http://127.0.0.1:4151/lookup?topic=t", "127.0.0.1", 4151],
    ["http://broker.example/info", "broker.example", 80],
    ["https://broker.example/info", "broker.example", 443],
    ["http://[::1]:8000/", "::1", 8000],
  ])("[LKP10] is where it was called: %s", (url, host, port) => {
    expect(calledAt(url)).toEqual([host, host, port, 4150]);
  });

  it("[LKP10] is where the options say", () => {
    const vars = { "broadcast-address": "nsq.example", "broadcast-http-port": "81", "broadcast-tcp-port": "82" };
    expect(calledAt("http://127.0.0.1:4151/", vars)).toEqual(["127.0.0.1", "nsq.example", 81, 82]);
  });

  it("[LKP10] is on this machine for who calls over plain TCP", () => {
    expect(calledAt(null)).toEqual(["127.0.0.1", "127.0.0.1", 4151, 4150]);
  });
});
