// The broker itself, on this machine: the bundle that is deployed to Cloudflare, on plain workerd, with its data on disk.

import { Command, Option } from "commander";
import { duration } from "../args.ts";
import { Failure } from "../failure.ts";
import { isLoopback, type ListenAddress, listenAddress } from "../listen-address.ts";
import { brokerVars, type Vars, variableOf, withBrokerFlags } from "../serve/broker-flags.ts";
import { DataDir } from "../serve/data-dir.ts";
import { LOG_FORMATS, Log, type LogFormat } from "../serve/log.ts";
import { packagedBroker } from "../serve/packaged-broker.ts";
import { Server } from "../serve/server.ts";
import { stopSignal } from "../stop-signal.ts";

interface Flags {
  readonly data: string;
  readonly httpAddress: ListenAddress;
  readonly tcpAddress: ListenAddress;
  readonly drainTimeout: number;
  readonly logFormat: LogFormat;
}

/** Twice `sync-timeout`: what was finished is saved until then. */
const DRAIN_MS = 2_000;

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("run the broker here, with its data on disk")
    .addOption(flag("--data <dir>", "where the data lies").default("nsq-edge-data"))
    .addOption(addressFlag("--http-address <[host]:port>", "HTTP and WebSocket; port 0 for any", "127.0.0.1:4151"))
    .addOption(addressFlag("--tcp-address <[host]:port>", "V2 and V1 on TCP", "127.0.0.1:4150"))
    .addOption(
      flag("--drain-timeout <duration>", "for what is under way when it is told to end")
        .argParser(duration)
        .default(DRAIN_MS, "2s"),
    )
    .addOption(
      flag("--log-format <format>", "a line for each event, on stderr")
        .choices(LOG_FORMATS)
        .default(process.stderr.isTTY ? "text" : "json"),
    )
    .addHelpText(
      "after",
      "\nEvery flag may be in the environment, too: --msg-timeout 90s is NSQ_EDGE_MSG_TIMEOUT=90s.",
    );
  return withBrokerFlags(command).action(serve);
}

async function serve(flags: Flags, command: Command): Promise<void> {
  const { data, httpAddress, tcpAddress, drainTimeout, logFormat } = flags;
  if (process.platform === "win32") throw new Failure("failed", "serve runs on Linux and macOS");
  const given = await brokerVars(command);
  const isHere = isLoopback(httpAddress) && isLoopback(tcpAddress);
  // As `npm start`: on one's own machine it is open. Whoever names somebody does not mean everybody (AUTH9).
  const vars: Vars = isHere ? { open: "true", ...given } : given;
  const broker = packagedBroker();
  const stop = stopSignal();
  const dir = await DataDir.take(data);
  try {
    const addresses = { http: httpAddress, tcp: tcpAddress };
    const log = new Log(logFormat);
    await Server.run({ broker, data: dir, addresses, vars, drainTimeoutMs: drainTimeout, log }, stop);
  } finally {
    dir.release();
  }
}

/** A flag that may be in the environment. */
function flag(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.env(variableOf(option.name()));
}

function addressFlag(flags: string, description: string, address: string): Option {
  return flag(flags, description).default(listenAddress(address), address).argParser(listenAddress);
}
