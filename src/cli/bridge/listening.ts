// A port on this machine.

import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { causeCode, Failure, textOf } from "../failure.ts";
import { type ListenAddress, textOfAddress } from "../listen-address.ts";

/** Resolves with the address when it listens: its port is the one that was chosen. @throws {Failure} */
export async function listen(server: Server, address: ListenAddress): Promise<ListenAddress> {
  const host = address.host.replace(/^\[|\]$/g, "");
  server.listen({ port: address.port, ...(host !== "" && { host }) });
  try {
    await once(server, "listening");
  } catch (error) {
    const why = causeCode(error) === "EADDRINUSE" ? "something else does" : textOf(error);
    throw new Failure("failed", `cannot listen on ${textOfAddress(address, address.port)}: ${why}`, { cause: error });
  }
  return { host: address.host, port: (server.address() as AddressInfo).port };
}
