// Where the broker is, as it tells its callers: at the address that they called, unless options say otherwise.

import { NSQ_VERSION } from "./limits.ts";
import type { PeerInfo } from "./lookup/peer-info.ts";
import type { Options } from "./options.ts";

/** Where plain TCP and HTTP are served when nothing says otherwise (wrangler.toml). */
const DEFAULT_TCP_PORT = 4150;
const DEFAULT_HTTP_PORT = 4151;
const LOCAL_HOST = "127.0.0.1";

/** `calledAt` is the URL of a request; a caller on plain TCP has none, and is on this machine or on its network. */
export function ownPeerInfo(options: Options, calledAt: URL | null): PeerInfo {
  const hostname = calledAt?.hostname.replace(/^\[|\]$/g, "") ?? LOCAL_HOST;
  const broadcastAddress = options.broadcastAddress || hostname;
  const httpPort = options.broadcastHttpPort || (calledAt === null ? DEFAULT_HTTP_PORT : portOf(calledAt));
  return {
    remote_address: `${broadcastAddress}:${httpPort}`,
    hostname,
    broadcast_address: broadcastAddress,
    tcp_port: options.broadcastTcpPort || DEFAULT_TCP_PORT,
    http_port: httpPort,
    version: NSQ_VERSION,
    topology_zone: options.topologyZone,
    topology_region: options.topologyRegion,
  };
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === "https:" ? 443 : 80);
}
