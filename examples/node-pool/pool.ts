// A pool of worker threads that share a channel: `node examples/node-pool/pool.ts [threads]`, with a broker or an nsqd on port 4150.
// Ends with Ctrl-C when what is in flight is done.

import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Consumer } from "../../src/client/index.ts"; // elsewhere: "nsq-edge/client"
import { tcpTransport } from "../../src/client/tcp.ts"; // elsewhere: "nsq-edge/client/tcp"

const ADDRESS = process.env.NSQD ?? "127.0.0.1:4150";
/** Where the broker, or the nsqd, wants one. */
const SECRET = process.env.SECRET ?? "";

if (isMainThread) {
  const count = Number(process.argv[2] ?? availableParallelism());
  const workers = Array.from(
    { length: count },
    (_, number) => new Worker(import.meta.filename, { workerData: number }),
  );
  process.once("SIGINT", () => {
    for (const worker of workers) worker.postMessage("stop");
  });
} else {
  const options = { transport: tcpTransport(), maxInFlight: 10, authSecret: SECRET };
  const consumer = new Consumer("test", "pool", options);
  consumer.on("connection", () => console.log(`thread ${workerData}: ready`));
  consumer.on("error", ({ error }) => console.error(`thread ${workerData}:`, error));
  consumer.handle((message) => console.log(`thread ${workerData}: ${message.text()}`), { concurrency: 10 });
  consumer.connect(ADDRESS);
  parentPort?.once("message", () => void consumer.stop());
}
