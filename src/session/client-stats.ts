// A connection as /stats shows it (spec 3.4, nsqd/client_v2.go Stats).

import type { ClientState } from "./client-state.ts";
import type { Session } from "./session.ts";

/** Keys and their order are nsqd's; `?` is left out when there is nothing to say. */
export interface ClientStats {
  client_id: string;
  hostname: string;
  version: "V2";
  remote_address: string;
  state: ClientState;
  ready_count: number;
  in_flight_count: number;
  message_count: number;
  finish_count: number;
  requeue_count: number;
  /** s since the epoch */
  connect_ts: number;
  sample_rate: number;
  deflate: boolean;
  snappy: boolean;
  user_agent: string;
  authed?: true;
  auth_identity?: string;
  auth_identity_url?: string;
  topology_zone: string;
  topology_region: string;
  pub_counts?: PubCount[];
  tls: boolean;
  tls_cipher_suite: string;
  tls_version: string;
  tls_negotiated_protocol: string;
  tls_negotiated_protocol_is_mutual: boolean;
}

export interface PubCount {
  topic: string;
  count: number;
}

export function clientStats(session: Session): ClientStats {
  const { connection, settings, pubCounts } = session;
  const { identity } = session.access;
  const consumer = session.isConsumer ? session.consumer : null;
  return {
    client_id: settings.clientId,
    hostname: settings.hostname,
    version: "V2",
    remote_address: connection.remoteAddress,
    state: session.state,
    ready_count: consumer?.rdy ?? 0,
    in_flight_count: consumer?.inFlight ?? 0,
    message_count: consumer?.messageCount ?? 0,
    finish_count: consumer?.finishCount ?? 0,
    requeue_count: consumer?.requeueCount ?? 0,
    connect_ts: Math.floor(connection.connectedAt / 1000),
    sample_rate: settings.sampleRate,
    deflate: settings.compression === "deflate",
    snappy: settings.compression === "snappy",
    user_agent: settings.userAgent,
    ...(identity && {
      authed: true,
      ...(identity.name && { auth_identity: identity.name }),
      ...(identity.url && { auth_identity_url: identity.url }),
    }),
    topology_zone: settings.topologyZone,
    topology_region: settings.topologyRegion,
    ...(pubCounts.size > 0 && { pub_counts: [...pubCounts].map(([topic, count]) => ({ topic, count })) }),
    tls: false,
    tls_cipher_suite: "",
    tls_version: "",
    tls_negotiated_protocol: "",
    tls_negotiated_protocol_is_mutual: false,
  };
}
