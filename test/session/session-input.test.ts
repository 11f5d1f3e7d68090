import { describe, expect, it } from "vitest";
import type { Session } from "../../src/session/session.ts";
import type { Publication } from "../../src/session/session-host.ts";
import { bytesOf, command, identify, mpub, textOf } from "../helpers/commands.ts";
import { randomCuts } from "../helpers/cuts.ts";
import { type Client, connect, FakeHost, fill, idOf } from "../helpers/session.ts";

/** Looks at publications only when the event that brought them is over, as the gateway's links do. */
class LateHost extends FakeHost {
  /** The commands that were published, whole. */
  readonly commands: string[] = [];
  #views: Uint8Array[] = [];

  override publish(publication: Publication, session: Session) {
    this.#views.push(publication.buffer.subarray(publication.start, publication.bodyEnd));
    return super.publish(publication, session);
  }

  endOfEvent(): void {
    for (const view of this.#views.splice(0)) this.commands.push(textOf(view));
  }
}

describe("Session: input that comes while a command waits", () => {
  const BARRIER = identify();
  const PUBLISHES = [
    command("PUB t", "x".repeat(300)),
    mpub("u", ["y".repeat(20), "z".repeat(150)]),
    command("DPUB t 5", "v".repeat(400)),
    command("PUB t", "w"),
  ];

  function connectLate() {
    const host = new LateHost();
    const client = connect({ host, limits: { maxMsgSize: 5_000 } });
    /** Sends a piece, and returns the replies at the end of that event. */
    const send = (piece: Uint8Array) => {
      const replies = client.sendBytes(piece);
      host.endOfEvent();
      return replies;
    };
    return { host, client, send };
  }

  it("[SES2] publishes stay whole when they come in three pieces behind an IDENTIFY that waits", () => {
    const { host, client, send } = connectLate();
    host.holdsPublishes = true;
    const [x, y] = [command("PUB t", "x".repeat(1_000)), command("PUB t", "y".repeat(1_200))];
    send(bytesOf(command("PUB t", "before") + BARRIER));
    const behind = bytesOf(x + y);
    for (const [from, to] of [
      [0, 900],
      [900, x.length + 100],
      [x.length + 100, behind.length],
    ]) {
      expect(send(behind.subarray(from, to))).toEqual([]);
    }
    host.settle();
    expect(client.replies()).toEqual(["OK", "OK"]);
    host.endOfEvent();
    expect(host.commands).toEqual([command("PUB t", "before"), x, y]);
  });

  it("[SES2] they stay whole when the one behind them began before the IDENTIFY was answered, and ends later", () => {
    const { host, client, send } = connectLate();
    host.holdsPublishes = true;
    const [before, x, y] = [
      command("PUB t", "before"),
      command("PUB t", "x".repeat(300)),
      command("PUB t", "y".repeat(400)),
    ];
    const stream = bytesOf(before + BARRIER + x + y);
    send(stream.subarray(0, 3)); // so that what follows is joined to it, in a buffer that the decoder uses again
    send(stream.subarray(3, -2));
    send(stream.subarray(-2));
    host.settle();
    expect(client.replies()).toEqual(["OK", "OK"]);
    host.endOfEvent();
    expect(host.commands).toEqual([before, x, y]);
  });

  it("[SES2] they stay whole in whatever pieces they come, before and after the IDENTIFY is answered", () => {
    const before = command("PUB t", "before");
    const stream = bytesOf(before + BARRIER + PUBLISHES.join("") + BARRIER + PUBLISHES.join(""));
    for (const { name, pieces } of randomCuts(stream, 1, 200)) {
      for (const settledAfter of [1, Math.ceil(pieces.length / 2), pieces.length]) {
        const { host, client, send } = connectLate();
        host.holdsPublishes = true;
        const replies = pieces.flatMap((piece, i) => {
          const sent = send(piece);
          if (i + 1 < settledAfter) return sent;
          host.settle();
          const more = client.replies();
          host.endOfEvent();
          return [...sent, ...more];
        });
        replies.push(...settleAll(host, client));
        const id = `${name}, settled after piece ${settledAfter}`;
        expect(host.commands, id).toEqual([before, ...PUBLISHES, ...PUBLISHES]);
        expect(replies, id).toEqual(Array(3 + 2 * PUBLISHES.length).fill("OK"));
      }
    }
  });

  it("[LINE5] what waits counts as unread until it was looked at", () => {
    const { host, client, send } = connectLate();
    host.holdsPublishes = true;
    send(bytesOf(command("PUB t", "before") + BARRIER));
    for (const piece of PUBLISHES) send(bytesOf(piece));
    expect(client.session.unread).toBe(PUBLISHES.join("").length);
    host.settle();
    client.replies();
    expect(client.session.unread).toBe(0);
  });

  /** Answers everything, and what comes out of that. */
  function settleAll(host: LateHost, client: Client): string[] {
    const replies: string[] = [];
    while (host.owed.length > 0) {
      host.settle();
      replies.push(...client.replies());
      host.endOfEvent();
    }
    return replies;
  }
});

describe("Session: a client that asks on and says nothing that shows that it reads", () => {
  const MAX_UNHEARD = 64 * 2 ** 20;
  /** As long as it takes to send few of them. */
  const LONG = { topologyRegion: "x".repeat(2 ** 20) };
  const ASK = identify({ feature_negotiation: true });
  const REPLY_LENGTH = replyLength();
  /** So many replies may stay unread, and no more. */
  const MOST = Math.floor(MAX_UNHEARD / REPLY_LENGTH);

  function replyLength(): number {
    const { session } = connect({ limits: LONG });
    session.receive(bytesOf(ASK), 0);
    return session.takeOutput().reduce((sum, { length }) => sum + length, 0);
  }

  /** Sends a command so many times; the replies are taken away, as they are for a client that does not read. */
  function ask({ session }: Client, times: number, request = ASK): void {
    const batch = 10_000;
    const whole = bytesOf(request.repeat(Math.min(times, batch)));
    for (let left = times; left > 0; left -= batch) {
      session.receive(left >= batch ? whole : whole.subarray(0, left * request.length), 0);
      session.takeOutput();
    }
  }

  it("[DOOR3] is ended by more than 64 MiB of replies, and not before", () => {
    const client = connect({ limits: LONG });
    ask(client, MOST);
    expect(client.session.isDone).toBe(false);
    ask(client, 1);
    expect(client.session.isDone).toBe(true);
    ask(client, 1);
    expect(client.replies()).toEqual([]);
  });

  it("[DOOR3] is ended in the middle of what it sends at a time", () => {
    const client = connect({ limits: LONG });
    client.session.receive(bytesOf(ASK.repeat(MOST + 10)), 0);
    expect(client.session.takeOutput()).toHaveLength(MOST + 1);
    expect(client.session.isDone).toBe(true);
  });

  it("[DOOR3] goes on after NOP, which answers a heartbeat", () => {
    const client = connect({ limits: LONG });
    for (let round = 0; round < 3; round++) {
      ask(client, MOST);
      client.send("NOP\n");
    }
    expect(client.session.isDone).toBe(false);
    ask(client, MOST + 1);
    expect(client.session.isDone).toBe(true);
  });

  const UNKNOWN = "0123456789abcdef";
  const FAILED_LENGTH = 8 + `E_FIN_FAILED FIN ${UNKNOWN} failed ID not in flight`.length;
  /** So many failures of FIN may follow MOST replies. */
  const MOST_FAILED = Math.floor((MAX_UNHEARD - MOST * REPLY_LENGTH) / FAILED_LENGTH);

  /** A consumer of a message, close to its limit already. */
  function connectUnheard(): Client {
    const client = connect({ limits: LONG });
    ask(client, MOST);
    client.send("SUB t ch\nRDY 1\n");
    fill(client.host.channel, 0, ["a"]);
    client.deliver();
    return client;
  }

  it("[DOOR3] has the errors of FIN counted, too", () => {
    const client = connectUnheard();
    ask(client, MOST_FAILED, `FIN ${UNKNOWN}\n`);
    expect(client.session.isDone).toBe(false);
    ask(client, 1, `FIN ${UNKNOWN}\n`);
    expect(client.session.isDone).toBe(true);
  });

  it.each([
    ["FIN", `FIN ${idOf(0)}\n`],
    ["REQ", `REQ ${idOf(0)} 0\n`],
    ["TOUCH", `TOUCH ${idOf(0)}\n`],
  ])("[DOOR3] goes on after a %s that succeeds, which only one who reads can send", (_name, answer) => {
    const client = connectUnheard();
    ask(client, MOST_FAILED, `FIN ${UNKNOWN}\n`);
    expect(client.send(answer)).toEqual([]);
    ask(client, MOST_FAILED, `FIN ${UNKNOWN}\n`);
    expect(client.session.isDone).toBe(false);
  });
});
