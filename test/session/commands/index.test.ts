import { describe, expect, it } from "vitest";
import { COMMAND_NAMES, type CommandName } from "../../../src/protocol/command.ts";
import { commands } from "../../../src/session/commands/index.ts";
import { command, identify, mpub } from "../../helpers/commands.ts";
import { type Client, connect, connectConsumer, errorOf } from "../../helpers/session.ts";

/** A message that was never published. */
const UNKNOWN = "0123456789abcdef";

const STREAMS: Readonly<Record<CommandName, string>> = {
  IDENTIFY: identify(),
  AUTH: command("AUTH", "secret"),
  SUB: "SUB t other\n",
  RDY: "RDY 1\n",
  FIN: `FIN ${UNKNOWN}\n`,
  REQ: `REQ ${UNKNOWN} 0\n`,
  TOUCH: `TOUCH ${UNKNOWN}\n`,
  CLS: "CLS\n",
  NOP: "NOP\n",
  PUB: command("PUB t", "x"),
  MPUB: mpub("t", ["x", "y"]),
  DPUB: command("DPUB t 100", "x"),
};

const STATES: Readonly<Record<string, () => Client>> = {
  init: () => connect(),
  identified: () => {
    const client = connect();
    client.send(identify({ client_id: "x" }));
    return client;
  },
  subscribed: () => connectConsumer(),
  closing: () => {
    const client = connectConsumer();
    client.send("CLS\n");
    return client;
  },
};

const OK = ["OK"];
const SILENCE: string[] = [];

function refused(name: CommandName): string[] {
  return [errorOf(`E_INVALID cannot ${name} in current state`)];
}

function unknown(name: CommandName): string[] {
  return [errorOf(`E_${name}_FAILED ${name} ${UNKNOWN} failed ID not in flight`)];
}

/** The replies of nsqd in the states init, subscribed and closing. */
const REPLIES: Readonly<Record<CommandName, readonly [init: string[], subscribed: string[], closing: string[]]>> = {
  IDENTIFY: [OK, refused("IDENTIFY"), refused("IDENTIFY")],
  AUTH: [[errorOf("E_AUTH_DISABLED AUTH disabled")], refused("AUTH"), refused("AUTH")],
  SUB: [OK, refused("SUB"), refused("SUB")],
  RDY: [refused("RDY"), SILENCE, SILENCE],
  FIN: [refused("FIN"), unknown("FIN"), unknown("FIN")],
  REQ: [refused("REQ"), unknown("REQ"), unknown("REQ")],
  TOUCH: [refused("TOUCH"), unknown("TOUCH"), unknown("TOUCH")],
  CLS: [refused("CLS"), ["CLOSE_WAIT"], refused("CLS")],
  NOP: [SILENCE, SILENCE, SILENCE],
  PUB: [OK, OK, OK],
  MPUB: [OK, OK, OK],
  DPUB: [OK, OK, OK],
};

const CASES = COMMAND_NAMES.flatMap((name) => {
  const [init, subscribed, closing] = REPLIES[name];
  return [
    [name, "init", init],
    [name, "identified", init],
    [name, "subscribed", subscribed],
    [name, "closing", closing],
  ] as const;
});

describe("commands", () => {
  it("[SES5] every command has a handler, those with a body one for the body, too", () => {
    expect(Object.keys(commands).sort()).toEqual([...COMMAND_NAMES].sort());
    const withBody = COMMAND_NAMES.filter((name) => commands[name].body !== undefined);
    expect(withBody.sort()).toEqual(["AUTH", "DPUB", "IDENTIFY", "MPUB", "PUB"]);
  });

  it.each(CASES)("[SES5] %s in the state %s is answered %j", (name, state, replies) => {
    const client = (STATES[state] as () => Client)();
    expect(client.send(STREAMS[name])).toEqual(replies);
    const isClosed = replies.some((reply) => /E_INVALID|E_AUTH/.test(reply));
    expect(client.session.isDone).toBe(isClosed);
    expect(client.send(STREAMS.PUB)).toEqual(isClosed ? [] : OK);
  });

  it.each(["IDENTIFY", "AUTH"] as const)("[SES5] %s is refused for the state before its body arrives", (name) => {
    const client = connectConsumer();
    expect(client.send(`${name}\n`)).toEqual(refused(name));
    expect(client.session.isDone).toBe(true);
  });

  it.each<[string, CommandName]>([
    ["FIN", "FIN"],
    ["REQ", "REQ"],
    ["TOUCH", "TOUCH"],
    ["RDY abc", "RDY"],
    ["RDY", "RDY"],
  ])("[SES5] %s before SUB is refused for the state, not for its parameters", (line, name) => {
    expect(connect().send(`${line}\n`)).toEqual(refused(name));
  });

  it("[SES5] IDENTIFY can be repeated until SUB", () => {
    const client = connect();
    const replies = client.send(`${identify() + identify({ msg_timeout: 2000 }) + identify()}SUB t ch\n`);
    expect(replies).toEqual(["OK", "OK", "OK", "OK"]);
    expect(client.session.settings.msgTimeoutMs).toBe(2000);
  });

  it("[SES5] parameters beyond those a command has are ignored, but by AUTH", () => {
    const client = connect();
    const stream = [
      command("IDENTIFY extra words", "{}"),
      command("PUB t extra", "x"),
      command("DPUB t 0 extra", "x"),
      mpub("t extra", ["x"]),
      "NOP extra\n",
      "SUB t ch extra\n",
      "RDY 1 2 3\n",
      `FIN ${UNKNOWN} extra\n`,
      `REQ ${UNKNOWN} 0 extra\n`,
      `TOUCH ${UNKNOWN} extra\n`,
      "CLS now\n",
    ];
    const failed = [unknown("FIN"), unknown("REQ"), unknown("TOUCH")].flat();
    expect(client.send(stream.join(""))).toEqual(["OK", "OK", "OK", "OK", "OK", ...failed, "CLOSE_WAIT"]);
  });
});
