// What is told of a consumer in its row.

import { describe, expect, it } from "vitest";
import { attributes, clientHost, ownId } from "../../../src/admin/ui/client-words.ts";
import { clientView } from "./views.ts";

describe("clientHost", () => {
  it.each([
    ["worker-1.example", "10.0.0.7:53211", "worker-1.example:53211"],
    ["", "10.0.0.7:53211", "10.0.0.7:53211"],
    ["", "[2001:db8::7]:53211", "[2001:db8::7]:53211"],
    ["worker-1", "[2001:db8::7]:53211", "worker-1:53211"],
    ["worker-1", "somewhere", "worker-1"],
    ["", "somewhere", "somewhere"],
  ])("[PAGE1] of a client that calls itself %j at %s is %s", (hostname, remote_address, host) => {
    expect(clientHost(clientView({ hostname, remote_address }))).toBe(host);
  });
});

describe("ownId", () => {
  it.each([
    ["", "worker-1.example", null],
    ["worker-1.example", "worker-1.example", null],
    ["worker-1", "worker-1.example", null],
    ["worker", "worker-1.example", "worker"],
    ["example", "worker-1.example", "example"],
    ["job-7", "", "job-7"],
  ])("[PAGE1] of %j at %j is %j: what the host does not say already", (client_id, hostname, id) => {
    expect(ownId(clientView({ client_id, hostname }))).toBe(id);
  });
});

describe("attributes", () => {
  it("[PAGE1] are none for a client that negotiated nothing", () => {
    expect(attributes(clientView({}))).toEqual([]);
  });

  it("[PAGE1] name each thing that was negotiated", () => {
    expect(attributes(clientView({ sample_rate: 25 }))).toEqual([{ text: "Sampled 25%", kind: "warning" }]);
    expect(attributes(clientView({ deflate: true }))).toEqual([{ text: "Deflate" }]);
    expect(attributes(clientView({ snappy: true }))).toEqual([{ text: "Snappy" }]);
  });

  it("[PAGE1] say of TLS what is known of it", () => {
    const tls = { tls: true, tls_version: "TLS1.3", tls_cipher_suite: "TLS_AES_128_GCM_SHA256" };
    const titleOf = (given: Parameters<typeof clientView>[0]) => attributes(clientView({ ...tls, ...given }))[0]?.title;
    expect(attributes(clientView(tls))).toEqual([
      { text: "TLS", title: "TLS1.3, TLS_AES_128_GCM_SHA256", kind: "good" },
    ]);
    expect(titleOf({ tls_negotiated_protocol: "h2" })).toBe("TLS1.3, TLS_AES_128_GCM_SHA256, h2");
    expect(titleOf({ tls_negotiated_protocol: "h2", tls_negotiated_protocol_is_mutual: true })).toBe(
      "TLS1.3, TLS_AES_128_GCM_SHA256, h2 (mutual)",
    );
    expect(titleOf({ tls_cipher_suite: "", tls_negotiated_protocol_is_mutual: true })).toBe("TLS1.3");
    expect(attributes(clientView({ ...tls, tls: false }))).toEqual([]);
  });

  it("[PAGE1] say where the client is, and whether its node is there too", () => {
    const texts = (given: Parameters<typeof clientView>[0]) => attributes(clientView(given)).map(({ text }) => text);
    const client = { topology_region: "eu", topology_zone: "eu-1" };
    expect(texts(client)).toEqual(["eu", "eu-1"]);
    expect(texts({ ...client, node_topology_region: "eu", node_topology_zone: "eu-2" })).toEqual([
      "eu (regionLocal)",
      "eu-1",
    ]);
    expect(texts({ ...client, node_topology_region: "us", node_topology_zone: "eu-1" })).toEqual([
      "eu",
      "eu-1 (zoneLocal)",
    ]);
    expect(texts({ topology_region: "", topology_zone: "", node_topology_region: "", node_topology_zone: "" })).toEqual(
      [],
    );
  });
});
