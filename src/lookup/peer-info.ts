// What a producer says of itself: how nsqd introduces itself to nsqlookupd (spec 5.2, nsqlookupd/registration_db.go PeerInfo).

import { decodeStruct, type StructFields } from "../protocol/go-struct.ts";

/** Keys and their order are nsqlookupd's. */
export interface PeerInfo {
  /** `host:port` of its connection */
  remote_address: string;
  hostname: string;
  broadcast_address: string;
  tcp_port: number;
  http_port: number;
  version: string;
  topology_zone: string;
  topology_region: string;
}

const FIELDS = {
  remote_address: "string",
  hostname: "string",
  broadcast_address: "string",
  tcp_port: "int",
  http_port: "int",
  version: "string",
  topology_zone: "string",
  topology_region: "string",
} as const satisfies StructFields;

/** The body of V1's IDENTIFY; what is wrong with it when it cannot be used. */
export function decodePeerInfo(body: Uint8Array, remoteAddress: string): PeerInfo | "undecodable" | "incomplete" {
  const said = decodeStruct(body, FIELDS);
  if (said === null) return "undecodable";
  const isComplete =
    said.broadcast_address !== "" && said.tcp_port !== 0 && said.http_port !== 0 && said.version !== "";
  return isComplete ? { ...said, remote_address: remoteAddress } : "incomplete";
}
