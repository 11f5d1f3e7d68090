import { describe, expect, it } from "vitest";
import { messageId } from "../../../src/protocol/message-id.ts";
import { NODE } from "../../helpers/records.ts";
import {
  type Client,
  connect,
  connectConsumer,
  errorOf,
  FakeHost,
  fill,
  idOf,
  messageOf,
} from "../../helpers/session.ts";

const UNKNOWN = "0123456789abcdef";
const NAMES = ["FIN", "REQ", "TOUCH"] as const;
type Name = (typeof NAMES)[number];

/** A consumer that holds messages 0 to `count - 1`. */
function holding(count: number, host = new FakeHost(), id = "c1"): Client {
  const client = connectConsumer({ host, connection: { id, remoteAddress: "192.0.2.7:1", connectedAt: 0 } });
  fill(
    host.channel,
    0,
    Array.from({ length: count }, (_, seq) => `m${seq}`),
  );
  client.send(`RDY ${count}\n`);
  if (client.deliver().length !== count) throw new Error("not everything was delivered");
  return client;
}

function lineOf(name: Name, id: string): string {
  return name === "REQ" ? `REQ ${id} 0\n` : `${name} ${id}\n`;
}

function failed(name: Name, id: string, reason: string): string {
  return errorOf(`E_${name}_FAILED ${name} ${id} failed ${reason}`);
}

describe("FIN", () => {
  it("[ANS2] a message that is finished is not answered, and comes no more", () => {
    const client = holding(2);
    expect(client.send(`FIN ${idOf(0)}\n`)).toEqual([]);
    expect(client.session.consumer).toMatchObject({ inFlight: 1, finishCount: 1 });
    client.now += 60_000;
    expect(client.deliver()).toEqual([messageOf(1, "m1", 2)]);
  });
});

describe("REQ", () => {
  it("[ANS2] a delay of 0 brings the message back at once", () => {
    const client = holding(1);
    expect(client.send(`REQ ${idOf(0)} 0\n`)).toEqual([]);
    expect(client.session.consumer).toMatchObject({ inFlight: 0, requeueCount: 1 });
    expect(client.deliver()).toEqual([messageOf(0, "m0", 2)]);
  });

  it("[ANS2] an empty delay is 0", () => {
    const client = holding(1);
    expect(client.send(`REQ ${idOf(0)} \n`)).toEqual([]);
    expect(client.deliver()).toEqual([messageOf(0, "m0", 2)]);
  });

  it("[ANS2] a delay in ms is kept", () => {
    const client = holding(1);
    client.send(`REQ ${idOf(0)} 500\n`);
    client.now += 499;
    expect(client.deliver()).toEqual([]);
    client.now += 1;
    expect(client.deliver()).toEqual([messageOf(0, "m0", 2)]);
  });

  it.each(["3600000", "3600001", "99999999999", "18446744073709551617", "9".repeat(300)])(
    "[ANS3] a delay of %s is lowered to max-req-timeout",
    (delay) => {
      const client = holding(1);
      expect(client.send(`REQ ${idOf(0)} ${delay}\n`)).toEqual([]);
      client.now += 3_599_999;
      expect(client.deliver()).toEqual([]);
      client.now += 1;
      expect(client.deliver()).toEqual([messageOf(0, "m0", 2)]);
    },
  );

  it("[ANS3] the longest delay is the server's", () => {
    const client = connectConsumer({ limits: { maxReqTimeoutMs: 100 } });
    fill(client.host.channel, 0, ["m0"]);
    client.send("RDY 1\n");
    client.deliver();
    client.send(`REQ ${idOf(0)} 5000\n`);
    client.now += 100;
    expect(client.deliver()).toEqual([messageOf(0, "m0", 2)]);
  });

  it.each(["abc", "-1", "+1", "0.5", "1e3", "1\r1", "\xff"])("[ANS1] the delay %j is refused", (delay) => {
    const client = holding(1);
    expect(client.send(`REQ ${idOf(0)} ${delay}\n`)).toEqual([
      errorOf(`E_INVALID REQ could not parse timeout ${delay}`),
    ]);
    expect([client.session.isDone, client.session.consumer.inFlight]).toEqual([true, 1]);
  });
});

describe("TOUCH", () => {
  it("[ANS2] it gives the message a whole msg_timeout from now on", () => {
    const client = holding(1);
    client.now += 59_999;
    expect(client.send(`TOUCH ${idOf(0)}\n`)).toEqual([]);
    client.now += 59_999;
    expect(client.deliver()).toEqual([]);
    client.now += 1;
    expect(client.deliver()).toEqual([messageOf(0, "m0", 2)]);
  });
});

describe("FIN, REQ and TOUCH", () => {
  it.each(NAMES)("[ANS2] %s of what is not in flight is answered, and leaves the connection open", (name) => {
    const client = holding(1);
    const unknown = [
      UNKNOWN,
      idOf(1),
      idOf(Number.MAX_SAFE_INTEGER),
      messageId(NODE + 1, 0),
      idOf(0).toUpperCase().replace("0", "F"),
      "ZZZZ!ZZZZ?ZZZZ_Z",
      "\0\xff\x80\t\r0123456789a",
      "ffffffffffffffff",
    ];
    for (const id of unknown) {
      expect([id, client.send(lineOf(name, id))]).toEqual([id, [failed(name, id, "ID not in flight")]]);
    }
    expect([client.session.isDone, client.session.consumer.inFlight]).toEqual([false, 1]);
  });

  it.each(NAMES)("[ANS2] %s of a message of another connection is answered, and changes nothing", (name) => {
    const host = new FakeHost();
    const owner = holding(1, host, "owner");
    const other = connectConsumer({ host, connection: { id: "other", remoteAddress: "192.0.2.7:2", connectedAt: 0 } });
    expect(other.send(lineOf(name, idOf(0)))).toEqual([failed(name, idOf(0), "client does not own message")]);
    expect([other.session.isDone, owner.session.consumer.inFlight, other.session.consumer.inFlight]).toEqual([
      false,
      1,
      0,
    ]);
    expect(owner.send(lineOf(name, idOf(0)))).toEqual([]);
  });

  it.each(["FIN", "REQ"] as const)("[ANS2] after %s the message is not in flight any more", (name) => {
    for (const second of NAMES) {
      const client = holding(1);
      const expected = [failed(second, idOf(0), "ID not in flight")];
      expect(client.send(lineOf(name, idOf(0)) + lineOf(second, idOf(0)))).toEqual(expected);
    }
  });

  it.each(NAMES)("[ANS2] %s of a message that has timed out is answered", (name) => {
    const client = holding(1);
    client.send("RDY 0\n");
    client.now += 60_000;
    client.deliver();
    expect(client.send(lineOf(name, idOf(0)))).toEqual([failed(name, idOf(0), "ID not in flight")]);
    expect(client.session.isDone).toBe(false);
  });

  it("[SES4] their failures leave the connection open, many in a row", () => {
    const client = holding(1);
    const many = NAMES.map((name) => lineOf(name, UNKNOWN))
      .join("")
      .repeat(100);
    expect(client.send(many)).toHaveLength(300);
    expect(client.session.isDone).toBe(false);
    expect(client.send("BAD\n")).toEqual([errorOf("E_INVALID invalid command BAD")]);
    expect(client.session.isDone).toBe(true);
  });

  it("[ANS1] of several errors the first in the spec's order is answered", () => {
    const CHECKS = ["state", "params", "id", "delay", "in flight"] as const;
    for (const name of NAMES) {
      const texts: Readonly<Record<(typeof CHECKS)[number], string>> = {
        state: errorOf(`E_INVALID cannot ${name} in current state`),
        params: errorOf(`E_INVALID ${name} insufficient number of params`),
        id: errorOf("E_INVALID invalid message ID"),
        delay: errorOf("E_INVALID REQ could not parse timeout x"),
        "in flight": failed(name, UNKNOWN, "ID not in flight"),
      };
      const checks = CHECKS.filter((check) => check !== "delay" || name === "REQ");
      for (let mask = 1; mask < 2 ** checks.length; mask++) {
        const wrong = checks.filter((_, index) => mask & (1 << index));
        const client = wrong.includes("state") ? connect() : holding(1);
        const id = wrong.includes("id") ? "short" : wrong.includes("in flight") ? UNKNOWN : idOf(0);
        const delay = wrong.includes("delay") ? "x" : "0";
        const params = wrong.includes("params")
          ? name === "REQ"
            ? ` ${id}`
            : ""
          : name === "REQ"
            ? ` ${id} ${delay}`
            : ` ${id}`;
        const replies = client.send(`${name}${params}\n`);
        expect([name, wrong, replies]).toEqual([name, wrong, [texts[wrong[0] as (typeof CHECKS)[number]]]]);
      }
    }
  });

  it.each<[string, string]>([
    ["FIN", "E_INVALID FIN insufficient number of params"],
    ["REQ", "E_INVALID REQ insufficient number of params"],
    [`REQ ${UNKNOWN}`, "E_INVALID REQ insufficient number of params"],
    ["TOUCH", "E_INVALID TOUCH insufficient number of params"],
    ["FIN ", "E_INVALID invalid message ID"],
    ["TOUCH ", "E_INVALID invalid message ID"],
    ["REQ  0", "E_INVALID invalid message ID"],
    ["FIN x", "E_INVALID invalid message ID"],
    [`FIN ${UNKNOWN}0`, "E_INVALID invalid message ID"],
    [`FIN ${UNKNOWN.slice(1)}`, "E_INVALID invalid message ID"],
    [`REQ ${UNKNOWN}0 0`, "E_INVALID invalid message ID"],
    [`TOUCH  ${UNKNOWN}`, "E_INVALID invalid message ID"],
    ["REQ short abc", "E_INVALID invalid message ID"],
  ])("[ANS1] %j closes the connection: %s", (line, text) => {
    const client = holding(1);
    expect(client.send(`${line}\n`)).toEqual([errorOf(text)]);
    expect([client.session.isDone, client.session.consumer.inFlight]).toEqual([true, 1]);
  });
});
