// The command line: one program, a subcommand for each tool.

import { Command, CommanderError } from "commander";
import { fromGo, type KnownFlag } from "./args.ts";
import { bridgeCommand } from "./commands/bridge.ts";
import { pubCommand } from "./commands/pub.ts";
import { serveCommand } from "./commands/serve.ts";
import { statCommand } from "./commands/stat.ts";
import { tailCommand } from "./commands/tail.ts";
import { toFileCommand } from "./commands/to-file.ts";
import { toHttpCommand } from "./commands/to-http.ts";
import { toNsqCommand } from "./commands/to-nsq.ts";
import { toNsqTopicCommand } from "./commands/to-nsq-topic.ts";
import { tokenCommand } from "./commands/token.ts";
import { channelCommand, channelsCommand, topicCommand, topicsCommand } from "./commands/topics.ts";
import { EXIT, Failure, textOf } from "./failure.ts";
import { say } from "./terminal.ts";
import { VERSION } from "./version.ts";

function commands(): Command[] {
  return [
    serveCommand(),
    pubCommand(),
    topicsCommand(),
    channelsCommand(),
    topicCommand(),
    channelCommand(),
    tailCommand(),
    statCommand(),
    toNsqCommand(),
    toFileCommand(),
    toHttpCommand(),
    toNsqTopicCommand(),
    tokenCommand(),
    bridgeCommand(),
  ];
}

function createProgram(): Command {
  const program = new Command("nsq-edge")
    .description("NSQ without servers: tools for an nsq-edge broker, and for any nsqd")
    .version(VERSION)
    .showHelpAfterError("(--help tells which there are)");
  for (const command of commands()) {
    program.addCommand(command.version(VERSION));
  }
  return program;
}

/** Settings hold for subcommands that were made elsewhere, too. */
function configure(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text) => say(text.replace(/^error: /, "").trim(), "fatal"),
  });
  command.commands.forEach(configure);
}

/** The flags of the command that is called. */
function knownFlags(program: Command, [name = ""]: readonly string[]): KnownFlag[] {
  const command = program.commands.find((each) => each.name() === name || each.aliases().includes(name));
  return (command?.options ?? []).map(({ long, short, required }) => {
    return { name: long ?? short ?? "", takesNext: required };
  });
}

/** Runs a command line to its end. Returns the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  const program = createProgram();
  configure(program);
  try {
    await program.parseAsync(fromGo(args, knownFlags(program, args)), { from: "user" });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof Failure) {
      if (error.message !== "") say(error.message, "fatal");
      return EXIT[error.outcome];
    }
    say(textOf(error), "fatal");
    return EXIT.failed;
  }
}
