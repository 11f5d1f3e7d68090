import { describe, expect, it } from "vitest";
import type { Identity } from "../../../src/identity/identity.ts";
import { Access } from "../../../src/session/access.ts";
import { clientStats } from "../../../src/session/client-stats.ts";
import { command, identify } from "../../helpers/commands.ts";
import { entry, identityWith } from "../../helpers/identity.ts";
import { T0 } from "../../helpers/records.ts";
import { type Client, connect, errorOf, FakeHost } from "../../helpers/session.ts";

const AUTH = command("AUTH", "secret");
const PRODUCER = entry("t", [".*"], "publish");
const CONSUMER = entry("t", ["ch"], "subscribe");
const FAILED = errorOf("E_AUTH_FAILED AUTH failed");

function guarded(identity: Identity | null = null): Client {
  return connect({ access: new Access(true, identity) });
}

/** Answers the AUTH that is under way. */
function authenticated(client: Client, identity: Identity | null): string[] {
  client.session.authenticated(identity, client.now);
  return client.replies();
}

function authenticatedAgain(client: Client, identity: Identity | null): string[] {
  client.session.authenticatedAgain(identity, client.now);
  return client.replies();
}

describe("AUTH", () => {
  it("[AUT1] is answered with who it is, and with how many authorizations he has", () => {
    const client = guarded();
    expect(client.send(AUTH)).toEqual([]);
    expect(client.host.secrets).toEqual(["secret"]);
    const identity = identityWith([PRODUCER, CONSUMER], { name: "älice", url: "https://alice" });
    const answer = '{"identity":"\u00c3\u00a4lice","identity_url":"https://alice","permission_count":2}';
    expect(authenticated(client, identity)).toEqual([JSON.stringify(JSON.parse(answer))]);
    expect(clientStats(client.session)).toMatchObject({
      authed: true,
      auth_identity: "älice",
      auth_identity_url: "https://alice",
    });
  });

  it("[AUT1] holds back what was sent behind it", () => {
    const client = guarded();
    expect(client.send(AUTH + command("PUB t", "x"))).toEqual([]);
    expect(client.host.published).toEqual([]);
    expect(authenticated(client, identityWith([PRODUCER]))).toHaveLength(2);
    expect(client.host.published).toHaveLength(1);
  });

  it.each([
    ["nobody has the secret", null, FAILED],
    ["he may do nothing", identityWith([]), errorOf("E_UNAUTHORIZED AUTH no authorizations found")],
  ])("[AUT1] ends the connection when %s", (_, identity, error) => {
    const client = guarded();
    client.send(AUTH + command("PUB t", "x"));
    expect(authenticated(client, identity)).toEqual([error]);
    expect([client.session.isDone, client.host.published]).toEqual([true, []]);
    expect(clientStats(client.session)).not.toHaveProperty("authed");
  });

  it("[AUT1] a second time is refused, and so it is for somebody who is known already", () => {
    const client = guarded();
    client.send(AUTH);
    authenticated(client, identityWith([PRODUCER]));
    expect(client.send(AUTH)).toEqual([errorOf("E_INVALID AUTH already set")]);
    expect(guarded(identityWith([PRODUCER])).send(AUTH)).toEqual([errorOf("E_INVALID AUTH already set")]);
  });

  it("[AUT1] before a body is looked at its state and parameters are", () => {
    expect(guarded().send("AUTH x\n")).toEqual([errorOf("E_INVALID AUTH invalid number of parameters")]);
    expect(guarded().send("AUTH\n\0\0\0\0")).toEqual([errorOf("E_BAD_BODY AUTH invalid body size 0")]);
  });

  it("[AUT1] is asked for by IDENTIFY where it is wanted", () => {
    const client = connect({ access: new Access(true, null), limits: { authRequired: true } });
    expect(client.send(identify({ feature_negotiation: true })).join()).toContain('"auth_required":true');
  });
});

describe("what takes a permission", () => {
  const COMMANDS: [string, string, string][] = [
    ["SUB", "SUB t ch\n", '"t" "ch"'],
    ["PUB", command("PUB t", "x"), '"t" ""'],
    ["DPUB", command("DPUB t 5", "x"), '"t" ""'],
    ["MPUB", "MPUB t\n", '"t" ""'],
  ];

  it.each(COMMANDS)("[AUT2] %s is refused before AUTH", (name, stream) => {
    const client = guarded();
    expect(client.send(stream)).toEqual([errorOf(`E_AUTH_FIRST AUTH required before ${name}`)]);
    expect([client.session.isDone, client.host.published, client.host.subscriptions]).toEqual([true, [], []]);
  });

  it.each(COMMANDS)("[AUT2] %s is refused without the permission", (name, stream, names) => {
    const client = guarded(identityWith([entry("other", [".*"], "publish", "subscribe")]));
    expect(client.send(stream)).toEqual([errorOf(`E_UNAUTHORIZED AUTH failed for ${name} on ${names}`)]);
    expect([client.session.isDone, client.host.published, client.host.subscriptions]).toEqual([true, [], []]);
    expect(client.host.createdTopics).toEqual([]);
  });

  it.each([
    ["SUB", "SUB t ch\n"],
    ["PUB", command("PUB t", "x")],
    ["DPUB", command("DPUB t 5", "x")],
    ["MPUB", command("MPUB t", "\0\0\0\x01\0\0\0\x01x")],
  ])("[AUT2] %s is carried out with it", (_, stream) => {
    expect(guarded(identityWith([PRODUCER, CONSUMER])).send(stream)).toEqual(["OK"]);
  });

  it("[AUT2] SUB of another channel is refused, and so is publishing by somebody who may only consume", () => {
    const consumer = () => guarded(identityWith([CONSUMER]));
    expect(consumer().send("SUB t other\n")).toEqual([errorOf('E_UNAUTHORIZED AUTH failed for SUB on "t" "other"')]);
    expect(consumer().send(command("PUB t", "x"))).toEqual([errorOf('E_UNAUTHORIZED AUTH failed for PUB on "t" ""')]);
  });

  it("[AUT2] is found out anew for each topic", () => {
    const client = guarded(identityWith([PRODUCER]));
    expect(client.send(command("PUB t", "x") + command("PUB u", "x"))).toEqual([
      "OK",
      errorOf('E_UNAUTHORIZED AUTH failed for PUB on "u" ""'),
    ]);
    const other = guarded(identityWith([PRODUCER]));
    expect(other.send(command("PUB t", "x") + command("PUB t", "y"))).toEqual(["OK", "OK"]);
    expect(other.send("MPUB u\n")).toEqual([errorOf('E_UNAUTHORIZED AUTH failed for MPUB on "u" ""')]);
  });

  it.each([
    ["PUB with a wrong size", "PUB t\n\0\0\0\0", "E_BAD_MESSAGE PUB invalid message body size 0"],
    ["PUB with a wrong topic", "PUB $\n", 'E_BAD_TOPIC PUB topic name "$" is not valid'],
    ["SUB with a wrong channel", "SUB t $\n", 'E_BAD_CHANNEL SUB channel name "$" is not valid'],
    ["MPUB, which is looked at before its body", "MPUB t\n\0\0\0\0", "E_AUTH_FIRST AUTH required before MPUB"],
  ])("[AUT2] is checked at the place where nsqd checks it: %s", (_, stream, error) => {
    expect(guarded().send(stream)).toEqual([errorOf(error)]);
  });

  it("[AUT2] RDY, FIN, REQ, TOUCH, CLS and NOP take none", () => {
    const client = guarded(identityWith([CONSUMER]));
    client.send("SUB t ch\n");
    expect(client.send("RDY 1\nNOP\nCLS\n")).toEqual(["CLOSE_WAIT"]);
  });
});

describe("an identity whose time is over", () => {
  const TTL = 1_000;
  const stale = (entries = [PRODUCER, CONSUMER]) => {
    const client = guarded(identityWith(entries, { checkedUntil: T0 + TTL }));
    client.now = T0 + TTL - 1;
    return client;
  };

  it("[AUT3] is asked for anew before the next command that takes it, and not before", () => {
    const client = stale();
    expect(client.send(command("PUB t", "x"))).toEqual(["OK"]);
    client.now++;
    expect(client.send(`NOP\n${command("PUB t", "y")}${command("PUB t", "z")}`)).toEqual([]);
    expect(client.host.secrets).toEqual(["again"]);
    expect(authenticatedAgain(client, identityWith([PRODUCER]))).toEqual(["OK", "OK"]);
    expect(client.host.published.map(({ messages }) => messages.join())).toEqual(["x", "y", "z"]);
  });

  it("[AUT3] may have lost a permission meanwhile", () => {
    const client = stale();
    client.send(command("PUB t", "x"));
    client.now++;
    client.send(command("PUB t", "y"));
    expect(authenticatedAgain(client, identityWith([CONSUMER]))).toEqual([
      errorOf('E_UNAUTHORIZED AUTH failed for PUB on "t" ""'),
    ]);
  });

  it.each(["SUB t ch\n", "MPUB t\n", command("DPUB t 5", "x")])(
    "[AUT3] that is nobody any more ends the connection at %j",
    (stream) => {
      const client = stale();
      client.now++;
      expect(client.send(stream)).toEqual([]);
      expect(authenticatedAgain(client, null)).toEqual([FAILED]);
      expect([client.session.isDone, client.host.published, client.host.subscriptions]).toEqual([true, [], []]);
    },
  );

  it("[AUT3] goes on with what is subscribed", () => {
    const client = stale();
    client.send("SUB t ch\n");
    client.now += TTL;
    expect(client.send("RDY 1\nNOP\n")).toEqual([]);
    expect([client.host.secrets, client.session.isDone]).toEqual([[], false]);
  });

  it("[AUT3] is asked for after what was said before is answered", () => {
    const host = new FakeHost();
    host.holdsPublishes = true;
    const client = connect({
      host,
      access: new Access(true, identityWith([PRODUCER, CONSUMER], { checkedUntil: T0 + TTL })),
    });
    client.send(command("PUB t", "x"));
    client.now = T0 + TTL;
    client.send("SUB t ch\n");
    expect(host.secrets).toEqual([]);
    host.settle();
    expect(client.replies()).toEqual(["OK"]);
    expect(host.secrets).toEqual(["again"]);
    expect(authenticatedAgain(client, identityWith([CONSUMER]))).toEqual(["OK"]);
  });

  it("[AUTH14] that has an end is told so when it comes, behind what is answered", () => {
    const client = guarded(identityWith([PRODUCER], { endsAt: T0 + TTL }));
    expect(client.session.access.endsAt).toBe(T0 + TTL);
    client.host.holdsPublishes = true;
    client.send(command("PUB t", "x"));
    client.session.endAccess();
    expect([client.replies(), client.session.isDone]).toEqual([[], false]);
    client.host.settle();
    expect([client.replies(), client.session.isDone]).toEqual([["OK", FAILED], true]);
  });
});
