// Publishes what is given, or what comes on stdin.

import { buffer } from "node:stream/consumers";
import { Argument, Command } from "commander";
import { multiBody } from "../../client/commands.ts";
import { duration, name } from "../args.ts";
import { apiOf, type HttpEndpointFlags, withHttpEndpoint } from "../endpoint.ts";
import { Failure } from "../failure.ts";
import { printJson } from "../terminal.ts";

interface Flags extends HttpEndpointFlags {
  readonly defer?: number;
  readonly json: boolean;
}

export function pubCommand(): Command {
  const command = new Command("pub")
    .description("publish messages; without any, what stdin has is one message")
    .addArgument(new Argument("<topic>").argParser(name))
    .argument("[message...]")
    .option("--defer <duration>", "deliver it so much later", duration)
    .option("--json", "print what was done", false);
  return withHttpEndpoint(command).action(pub);
}

async function pub(topic: string, texts: readonly string[], flags: Flags): Promise<void> {
  const { defer, json } = flags;
  const bodies = texts.length > 0 ? texts.map((text) => Buffer.from(text)) : [await buffer(process.stdin)];
  if (bodies.some(({ length }) => length === 0)) throw new Failure("usage", "a message cannot be empty");
  const api = apiOf(flags);
  const [first] = bodies;
  if (defer !== undefined) {
    // What is deferred goes one by one: /mpub has no delay.
    for (const body of bodies) await api.post("/pub", { topic, defer: String(defer) }, body);
  } else if (bodies.length === 1) await api.post("/pub", { topic }, first);
  else await api.post("/mpub", { topic, binary: "true" }, multiBody(bodies));
  if (json) await printJson({ topic, messages: bodies.length });
}
