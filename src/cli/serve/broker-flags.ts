// The broker's options as flags, under nsqd's names, and in the environment: `--msg-timeout 90s` is NSQ_EDGE_MSG_TIMEOUT=90s. A secret
// is never a flag, since every user of a machine sees the flags of its processes: it comes from the environment, or from a file.

import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { type OptionFlag, optionFlags, parseOptions } from "../../options.ts";
import { causeCode, Failure, textOf } from "../failure.ts";

const GROUP = "Options of the broker (nsqd's, and its own):";

/** Vars of the Worker by nsqd's names. */
export type Vars = Readonly<Record<string, string>>;

/** The name of a flag in the environment. */
export function variableOf(flag: string): string {
  return `NSQ_EDGE_${flag.toUpperCase().replaceAll("-", "_")}`;
}

export function withBrokerFlags(command: Command): Command {
  for (const option of optionFlags()) {
    if (option.kind === "secret") command.addOption(secretFlag(option));
    else command.addOption(plainFlag(option));
  }
  return command;
}

/** What is set, by flag or in the environment. @throws {Failure} when a value is wrong */
export async function brokerVars(command: Command): Promise<Vars> {
  const vars: Record<string, string> = {};
  for (const option of optionFlags()) {
    const value = option.kind === "secret" ? await secretOf(command, option) : given(command, option.flag);
    // An empty one means the default, as in the vars of a Worker.
    if (value !== undefined && value !== "") vars[option.flag] = value;
  }
  try {
    parseOptions(vars);
  } catch (error) {
    throw new Failure("usage", textOf(error));
  }
  return vars;
}

function plainFlag({ flag, kind, choices, ...option }: OptionFlag): Option {
  const placeholder = kind === "bool" ? "[true|false]" : `<${choices.length > 0 ? choices.join("|") : kind}>`;
  const about = option.default === "" ? "" : `default: ${option.default}`;
  const made = new Option(`--${flag} ${placeholder}`, about).env(variableOf(flag)).helpGroup(GROUP);
  return kind === "bool" ? made.preset("true") : made;
}

function secretFlag({ flag }: OptionFlag): Option {
  const variable = variableOf(flag);
  const about = `has the secret; ${variable} in the environment is the secret itself`;
  return new Option(`--${flag}-file <file>`, about).env(`${variable}_FILE`).helpGroup(GROUP);
}

async function secretOf(command: Command, { flag }: OptionFlag): Promise<string | undefined> {
  const inEnvironment = process.env[variableOf(flag)];
  const file = given(command, `${flag}-file`);
  if (file === undefined || file === "") return inEnvironment;
  if (inEnvironment !== undefined && inEnvironment !== "") {
    throw new Failure("usage", `--${flag}-file and ${variableOf(flag)} are the same secret: give one of them`);
  }
  return readFile(file, "utf8").then(
    (text) => text.trim(),
    (error: unknown) => {
      throw new Failure("usage", `--${flag}-file ${file} cannot be read: ${causeCode(error)}`);
    },
  );
}

function given(command: Command, flag: string): string | undefined {
  const key = command.options.find(({ long }) => long === `--${flag}`)?.attributeName();
  return key === undefined ? undefined : command.getOptionValue(key);
}
