// A Worker that publishes what is posted to it: `POST /orders` becomes a message of the topic `orders`.

import { NotConnectedError, Producer } from "../../src/client/index.ts"; // elsewhere: "nsq-edge/client"

interface Env {
  /** `wss://broker.example/v2` */
  readonly BROKER: string;
  /** Where the broker wants one: `wrangler secret put SECRET`. */
  readonly SECRET?: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== "POST") return new Response("post something\n", { status: 405 });
    const topic = new URL(request.url).pathname.slice(1);
    // A connection belongs to the request that opened it.
    const producer = new Producer(env.BROKER, { authSecret: env.SECRET ?? "" });
    try {
      await producer.publish(topic, new Uint8Array(await request.arrayBuffer()));
      return new Response("stored\n", { status: 201 });
    } catch (error) {
      const status = error instanceof NotConnectedError ? 503 : 400;
      return new Response(`not stored: ${(error as Error).message}\n`, { status });
    } finally {
      producer.stop();
    }
  },
};
