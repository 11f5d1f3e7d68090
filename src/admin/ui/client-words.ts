// What is told of a consumer in its row.

import type { ClientView } from "../api.ts";

/** `host:port`, by the name that the client gave itself. */
export function clientHost({ hostname, remote_address }: ClientView): string {
  const port = /:(\d+)$/.exec(remote_address)?.[1];
  const host = hostname || remote_address.replace(/:\d+$/, "");
  return port === undefined ? host : `${host}:${port}`;
}

/** Its id, when that says more than the host does. */
export function ownId({ client_id, hostname }: ClientView): string | null {
  return client_id === "" || client_id === hostname || client_id === hostname.split(".")[0] ? null : client_id;
}

export interface Attribute {
  readonly text: string;
  readonly title?: string;
  readonly kind?: "good" | "warning";
}

export function attributes(client: ClientView): Attribute[] {
  const all: Attribute[] = [];
  if (client.sample_rate > 0) all.push({ text: `Sampled ${client.sample_rate}%`, kind: "warning" });
  if (client.tls) all.push({ text: "TLS", title: tlsText(client), kind: "good" });
  if (client.deflate) all.push({ text: "Deflate" });
  if (client.snappy) all.push({ text: "Snappy" });
  const { topology_region: region, topology_zone: zone } = client;
  if (region) all.push({ text: isSame(region, client.node_topology_region) ? `${region} (regionLocal)` : region });
  if (zone) all.push({ text: isSame(zone, client.node_topology_zone) ? `${zone} (zoneLocal)` : zone });
  return all;
}

function tlsText(client: ClientView): string {
  const {
    tls_version,
    tls_cipher_suite,
    tls_negotiated_protocol,
    tls_negotiated_protocol_is_mutual: isMutual,
  } = client;
  const protocol = tls_negotiated_protocol && `${tls_negotiated_protocol}${isMutual ? " (mutual)" : ""}`;
  return [tls_version, tls_cipher_suite, protocol].filter(Boolean).join(", ");
}

function isSame(a: string, b: string | undefined): boolean {
  return a === b;
}
