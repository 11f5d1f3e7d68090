import { evictDurableObject, reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { Publisher, type PublisherHost } from "../../src/durable/publisher.ts";
import { fromByteString } from "../../src/protocol/bytes.ts";
import { RecordWriter, type Segment } from "../../src/queue/record-writer.ts";
import { command } from "../helpers/commands.ts";
import { topicStub } from "./broker-api.ts";
import { direct, V2Client } from "./v2-client.ts";

const open: V2Client[] = [];

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function producer(topic: string): Promise<V2Client> {
  const client = await V2Client.open(direct(topic));
  open.push(client);
  return client;
}

async function answered(client: V2Client, count: number): Promise<void> {
  for (let i = 0; i < count; i++) expect(await client.next()).toEqual({ response: "OK" });
}

function oneRecord(): Uint8Array {
  const writer = new RecordWriter();
  writer.add(fromByteString("x"), 0, 1);
  return writer.take()[0]?.bytes as Uint8Array;
}

/** Counts the messages of each row, and lets something happen whenever one is waited for. */
class Host implements PublisherHost {
  readonly rows: number[] = [];
  onWait: (turn: number) => void = () => {};
  #turns = 0;

  store(segments: Segment[]) {
    this.rows.push(segments.reduce((sum, { count }) => sum + count, 0));
    return "stored" as const;
  }

  async confirmed(): Promise<void> {
    this.onWait(this.#turns++);
  }

  ready(): null {
    return null;
  }
}

/** Publishes a message, and whatever the host then does. Returns the rows there are when the publisher rests. */
function rowsOf(host: Host, act: (publisher: Publisher, turn: number) => void): Promise<number[]> {
  return new Promise((resolve) => {
    const publisher = new Publisher(host, 0, { answered: () => {}, rested: () => resolve(host.rows) });
    host.onWait = (turn) => act(publisher, turn);
    void publisher.publishRecords(oneRecord());
  });
}

describe("Publisher", () => {
  it("[LOG1] what comes while a row is confirmed, one after the other, lies in the next row", async () => {
    const rows = await rowsOf(new Host(), (publisher, turn) => {
      if (turn % 3 === 0 && turn < 90) void publisher.publishRecords(oneRecord());
    });
    expect(rows).toEqual([1, 30]);
  });

  it("[LOG1] a row does not wait for ever for what comes without end", async () => {
    const host = new Host();
    const rows = await rowsOf(host, (publisher) => {
      if (host.rows.length < 4) void publisher.publishRecords(oneRecord());
    });
    expect(rows).toHaveLength(4);
    expect(Math.max(...rows)).toBeLessThanOrEqual(200);
  });

  it("[LOG1] it does not wait when nothing came while a row was confirmed", async () => {
    let waits = 0;
    expect(await rowsOf(new Host(), () => waits++)).toEqual([1]);
    expect(waits).toBe(1);
  });

  it("[DUR7] it rests when all is stored and confirmed, and not before", async () => {
    const isAtRest: boolean[] = [];
    const rows = await rowsOf(new Host(), (publisher, turn) => {
      isAtRest.push(publisher.isAtRest);
      if (turn === 0) void publisher.publishRecords(oneRecord());
    });
    expect(rows).toEqual([1, 1]);
    expect(new Set(isAtRest)).toEqual(new Set([false]));
  });
});

describe("publishes to a topic", () => {
  it("[DUR4] are gone on with after a sleep, wherever the bytes before it ended", async () => {
    const client = await producer("t");
    const whole = command("PUB t", "a body");
    for (let cut = 1; cut < whole.length; cut++) {
      client.sendBytes(fromByteString(command("PUB t", "before") + whole.slice(0, cut)));
      await answered(client, 1);
      await evictDurableObject(topicStub("t"));
      client.sendBytes(fromByteString(whole.slice(cut)));
      await answered(client, 1);
    }
  });
});
