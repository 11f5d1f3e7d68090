// Carries unmodified NSQ clients on this machine to a broker that speaks HTTP and WebSocket only, as those on Cloudflare do.

import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Command, Option } from "commander";
import { type Broker, brokerUrl } from "../bridge/broker.ts";
import { dial } from "../bridge/dial.ts";
import { HttpDoor } from "../bridge/http-door.ts";
import { listen } from "../bridge/listening.ts";
import { TcpDoor } from "../bridge/tcp-door.ts";
import { V1Replies } from "../bridge/v1-replies.ts";
import { type EndpointFlags, originOf, withEndpoint } from "../endpoint.ts";
import { Failure } from "../failure.ts";
import { isLoopback, type ListenAddress, listenAddress, textOfAddress } from "../listen-address.ts";
import { aborted, stopSignal } from "../stop-signal.ts";
import { say } from "../terminal.ts";

interface Flags extends EndpointFlags {
  readonly tcpAddress: ListenAddress;
  readonly httpAddress: ListenAddress;
  readonly lookupdHttpAddress: ListenAddress;
  readonly broadcastAddress?: string;
}

/** How long connections may take to end when the bridge is told to, ms. */
const GRACE_MS = 3_000;

/** WebSocket close code (RFC 6455 7.4.1). */
const NORMAL = 1000;

export function bridgeCommand(): Command {
  const command = new Command("bridge")
    .description("an nsqd and nsqlookupd on this machine that are a broker elsewhere: for unmodified NSQ clients")
    .argument("[url]", "the broker, as wss://broker.example; the same as --url", brokerUrl)
    .addOption(listenOption("--tcp-address", "for NSQ clients, and for nsqds to register", 4150))
    .addOption(listenOption("--http-address", "for nsqd's HTTP API", 4151))
    .addOption(listenOption("--lookupd-http-address", "for nsqlookupd's HTTP API", 4161))
    .option("--broadcast-address <address>", "what look-ups tell of this machine; default: as it was called");
  return withEndpoint(command).action((url: string | undefined, flags: Flags, self: Command) => {
    if (url !== undefined && self.getOptionValueSource("url") === "cli") {
      throw new Failure("usage", "the broker is named twice: once is enough, with or without --url");
    }
    return bridge({ origin: url ?? originOf(flags.url), token: flags.token }, flags);
  });
}

function listenOption(flag: string, description: string, port: number): Option {
  return new Option(`${flag} <host:port>`, `${description}; port 0 is any that is free`)
    .argParser(listenAddress)
    .default({ host: "127.0.0.1", port }, `127.0.0.1:${port}`);
}

async function bridge(broker: Broker, flags: Flags): Promise<void> {
  const stopping = stopSignal();
  // A token that is refused, or a wrong address, is to be known now, and not with the first client.
  const link = await dial(broker, "/v2");
  link.resume();
  link.close(NORMAL);
  const ports = { tcp: 0, http: 0, lookupd: 0 };
  const nodeAt = (host: string) => ({ host: flags.broadcastAddress ?? host, tcpPort: ports.tcp, httpPort: ports.http });
  const tcp = new TcpDoor({
    dial: (path) => dial(broker, path),
    createV1Replies: ({ localAddress = "" }: Socket) =>
      new V1Replies({ ...nodeAt(localAddress.replace(/^::ffff:/, "")), httpPort: ports.lookupd }),
    trouble: say,
  });
  const { httpAddress, lookupdHttpAddress, broadcastAddress = "" } = flags;
  const names = [httpAddress.host, lookupdHttpAddress.host, broadcastAddress].flatMap(
    (name) => name.toLowerCase() || [],
  );
  const createHttpDoor = (api: "nsqd" | "nsqlookupd") =>
    new HttpDoor({ broker, api, names, advertised: nodeAt, trouble: say });
  const nsqd = createHttpDoor("nsqd");
  const nsqlookupd = createHttpDoor("nsqlookupd");
  const openDoor = async (name: string, { server }: TcpDoor | HttpDoor, wanted: ListenAddress) => {
    const address = await listen(server, wanted);
    say(`${name}: listening on ${textOfAddress(address, address.port)}`);
    if (!isLoopback(address)) warn(address, broker);
    return address.port;
  };
  ports.http = await openDoor("HTTP", nsqd, httpAddress);
  ports.lookupd = await openDoor("nsqlookupd HTTP", nsqlookupd, lookupdHttpAddress);
  ports.tcp = await openDoor("TCP", tcp, flags.tcpAddress);
  say(`bridge to ${broker.origin}`);
  await aborted(stopping);
  const closed = Promise.all([tcp.close(), nsqd.close(), nsqlookupd.close()]);
  await Promise.race([closed, delay(GRACE_MS)]);
}

function warn(address: ListenAddress, { token }: Broker): void {
  const as = token === "" ? "reaches the broker" : "acts with the token";
  say(`whoever can reach ${textOfAddress(address, address.port)} ${as}`);
}
