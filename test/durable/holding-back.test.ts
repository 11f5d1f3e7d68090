import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MovedClock } from "../cost/moved-clock.ts";
import { post, publish } from "./broker-api.ts";
import { type ReceivedMessage, V2Client } from "./v2-client.ts";

const RDY = 64;
/** So many are worth a send. */
const WORTH_A_SEND = RDY / 16;

let clock: MovedClock;
let client: V2Client;

beforeEach(() => {
  clock = new MovedClock();
});

afterEach(async () => {
  client.close();
  clock.stop();
  await reset();
});

/** A consumer that has as much in flight as it wants, while so many more messages wait. */
async function full(waiting: number, identify: object = {}): Promise<ReceivedMessage[]> {
  client = await V2Client.consumer("t", "c", identify);
  await post("/mpub?topic=t", Array.from({ length: RDY + waiting }, (_, index) => `m${index}`).join("\n"));
  client.send(`RDY ${RDY}`);
  return client.messages(RDY);
}

/** Each with a WebSocket message of its own. */
function finish(messages: readonly ReceivedMessage[]): void {
  for (const { id } of messages) client.send(`FIN ${id}`);
}

describe("a consumer that finishes messages one by one", () => {
  it("[CHN23] is sent the next ones together, when a sixteenth of its RDY is free", async () => {
    const messages = await full(100);
    finish(messages.slice(0, WORTH_A_SEND - 1));
    expect(await client.settled()).toEqual([]);
    finish(messages.slice(WORTH_A_SEND - 1, WORTH_A_SEND));
    expect(await client.settled()).toHaveLength(WORTH_A_SEND);
  });

  it("[CHN23] or a millisecond later", async () => {
    const messages = await full(100);
    finish(messages.slice(0, 2));
    expect(await client.settled()).toEqual([]);
    await clock.moveTo(Date.now() + 1);
    expect(await client.messages(2)).toHaveLength(2);
    expect(await client.settled()).toEqual([]);
  });

  it("[CHN23] is sent what is published at once: only what waits is sent together", async () => {
    const messages = await full(0);
    finish(messages.slice(0, 1));
    expect(await client.settled()).toEqual([]);
    await publish("t", "new");
    expect((await client.message()).body).toBe("new");
  });

  it("[CHN23] is sent each at once when it wants no output buffer", async () => {
    const messages = await full(100, { output_buffer_timeout: -1 });
    finish(messages.slice(0, 1));
    expect(await client.settled()).toHaveLength(1);
  });
});
