import { describe, expect, it } from "vitest";
import { clientStats } from "../../src/session/client-stats.ts";
import { command, identify, mpub } from "../helpers/commands.ts";
import { T0 } from "../helpers/records.ts";
import { connect, connectConsumer, fill, idOf } from "../helpers/session.ts";

/** A connection that has said nothing, as nsqd shows it. */
const SILENT = {
  client_id: "192.0.2.7",
  hostname: "192.0.2.7",
  version: "V2",
  remote_address: "192.0.2.7:40123",
  state: 0,
  ready_count: 0,
  in_flight_count: 0,
  message_count: 0,
  finish_count: 0,
  requeue_count: 0,
  connect_ts: T0 / 1000,
  sample_rate: 0,
  deflate: false,
  snappy: false,
  user_agent: "",
  topology_zone: "",
  topology_region: "",
  tls: false,
  tls_cipher_suite: "",
  tls_version: "",
  tls_negotiated_protocol: "",
  tls_negotiated_protocol_is_mutual: false,
};

describe("clientStats", () => {
  it("[STAT1] a connection that has said nothing is shown with its address", () => {
    expect(clientStats(connect().session)).toEqual(SILENT);
  });

  it("[STAT1] the keys come in nsqd's order, pub_counts before tls", () => {
    const client = connect();
    client.send(command("PUB t", "x"));
    const keys = Object.keys(SILENT);
    const expected = [...keys.slice(0, 17), "pub_counts", ...keys.slice(17)];
    expect(Object.keys(clientStats(client.session))).toEqual(expected);
  });

  it("[STAT1] a producer is shown with the messages it published to each topic", () => {
    const client = connect();
    client.send(command("PUB b", "x") + mpub("a", ["1", "2", "3"]) + command("DPUB b 5", "y"));
    const pub_counts = [
      { topic: "b", count: 2 },
      { topic: "a", count: 3 },
    ];
    expect(clientStats(client.session)).toEqual({ ...SILENT, pub_counts });
  });

  it("[STAT1] a consumer is shown with what it negotiated and what it did", () => {
    const client = connect();
    const asked = { client_id: "id", hostname: "host", user_agent: "agent/1", sample_rate: 50 };
    client.send(identify({ ...asked, topology_region: "r", topology_zone: "z" }));
    client.send("SUB t ch\nRDY 5\n");
    fill(client.host.channel, 0, ["a", "b", "c", "d"]);
    client.deliver();
    client.send(`FIN ${idOf(0)}\nREQ ${idOf(1)} 60000\n`);
    expect(clientStats(client.session)).toEqual({
      ...SILENT,
      ...asked,
      topology_region: "r",
      topology_zone: "z",
      state: 3,
      ready_count: 5,
      in_flight_count: 2,
      message_count: 4,
      finish_count: 1,
      requeue_count: 1,
    });
  });

  it("[STAT1] a closing consumer has state 4 and RDY 0", () => {
    const client = connectConsumer();
    client.send("RDY 5\nCLS\n");
    expect(clientStats(client.session)).toEqual({ ...SILENT, state: 4 });
  });

  it.each(["deflate", "snappy"])("[STAT1] %s is shown when it was granted", (compression) => {
    const client = connect();
    client.send(identify({ feature_negotiation: true, client_id: "x", hostname: "y", [compression]: true }));
    expect(clientStats(client.session)).toEqual({ ...SILENT, client_id: "x", hostname: "y", [compression]: true });
  });
});
