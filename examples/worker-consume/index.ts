// A Worker that wakes once a minute and handles what has come to its channel: it costs nothing meanwhile. `GET /` does the same at once.

import { Consumer, type Message } from "../../src/client/index.ts"; // elsewhere: "nsq-edge/client"

interface Env {
  /** `https://broker.example` */
  readonly BROKER: string;
  /** Where the broker wants one: `wrangler secret put SECRET`. */
  readonly SECRET?: string;
}

/** How long it waits for another message, ms. */
const IDLE = 500;
/** How long it goes on at most, ms: before the next minute. */
const LIMIT = 50_000;

export default {
  async fetch(_request: Request, env: Env): Promise<Response> {
    return Response.json({ handled: await drain(env) });
  },

  async scheduled(_event: unknown, env: Env): Promise<void> {
    await drain(env);
  },
};

/** Handles messages until none comes any more. Returns how many. */
async function drain({ BROKER, SECRET = "" }: Env): Promise<number> {
  let count = 0;
  const consumer = new Consumer("orders", "worker", { maxInFlight: 20, authSecret: SECRET });
  const over = new Promise<void>((resolve) => {
    let idle = setTimeout(resolve, IDLE);
    setTimeout(resolve, LIMIT);
    consumer.handle(
      async (message) => {
        clearTimeout(idle);
        await handle(message);
        count++;
        idle = setTimeout(resolve, IDLE);
      },
      { concurrency: 20 },
    );
  });
  consumer.connectToEdge(BROKER);
  await over;
  await consumer.stop();
  return count;
}

async function handle(message: Message): Promise<void> {
  console.log(message.id, message.text());
}
