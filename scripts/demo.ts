// npm run demo: a broker that it starts and stops itself, a message to two channels, and one that comes three seconds later.

import { connect } from "node:net";
import { fromByteString, fromUtf8 } from "../src/protocol/bytes.ts";
import { FrameDecoder, FrameType } from "../src/protocol/frame.ts";
import { BODY_OFFSET, ID_OFFSET } from "../src/protocol/message.ts";
import { type BrokerProcess, startBroker } from "./broker.ts";
import { build } from "./build.ts";

const TOPIC = "test";
const FRAME_HEADER = 8;

const startedAt = performance.now();

function say(who: string, what: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  console.log(`${seconds} s  ${who.padEnd(22)} ${what}`);
}

/** The way to the broker. */
interface Link {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Prints what a channel delivers, and finishes it. */
class Consumer {
  readonly #name: string;
  readonly #link: Link;
  readonly #decoder = new FrameDecoder();
  /** Called when a message came. */
  onMessage: (body: string) => void = () => {};

  constructor(name: string, link: Link) {
    this.#name = name;
    this.#link = link;
  }

  close(): void {
    this.#link.close();
  }

  subscribe(channel: string): void {
    this.#link.send(fromByteString(`  V2SUB ${TOPIC} ${channel}\nRDY 1\n`));
  }

  receive(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    for (let frame = this.#decoder.next(); frame !== null; frame = this.#decoder.next()) {
      if (frame === "malformed") throw new Error("the broker sent something that is no frame");
      if (frame.type !== FrameType.message) continue;
      const id = fromUtf8(frame.data.slice(ID_OFFSET - FRAME_HEADER, BODY_OFFSET - FRAME_HEADER));
      const body = fromUtf8(frame.data.slice(BODY_OFFSET - FRAME_HEADER));
      say(this.#name, `got "${body}" (${id})`);
      this.#link.send(fromByteString(`FIN ${id}\n`));
      this.onMessage(body);
    }
  }
}

async function tcpConsumer(broker: BrokerProcess, channel: string): Promise<Consumer> {
  const [host, port] = broker.tcp.split(":");
  const socket = connect(Number(port), host);
  const consumer = new Consumer(`TCP, channel ${channel}`, {
    send: (bytes) => socket.write(bytes),
    close: () => socket.end(),
  });
  socket.on("data", (chunk) => consumer.receive(chunk));
  await new Promise<void>((resolve) => socket.on("connect", () => resolve()));
  consumer.subscribe(channel);
  return consumer;
}

async function webSocketConsumer(broker: BrokerProcess, channel: string): Promise<Consumer> {
  const socket = new WebSocket(broker.ws);
  socket.binaryType = "arraybuffer";
  const consumer = new Consumer(`WebSocket, channel ${channel}`, {
    send: (bytes) => socket.send(bytes),
    close: () => socket.close(),
  });
  socket.onmessage = ({ data }) => consumer.receive(new Uint8Array(data));
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  consumer.subscribe(channel);
  return consumer;
}

async function publish(broker: BrokerProcess, body: string, query = ""): Promise<void> {
  const response = await fetch(`${broker.http}/pub?topic=${TOPIC}${query}`, { method: "POST", body });
  say("curl", `-d '${body}' '/pub?topic=${TOPIC}${query}'  ->  ${await response.text()}`);
}

/** Resolves when every consumer got the message. */
function receipt(consumers: readonly Consumer[], expected: string): Promise<unknown> {
  return Promise.all(
    consumers.map(
      (consumer) =>
        new Promise<void>((resolve) => {
          consumer.onMessage = (body) => {
            if (body === expected) resolve();
          };
        }),
    ),
  );
}

build();
const broker = await startBroker();
say("broker", `HTTP and WebSocket on ${broker.http}, TCP on ${broker.tcp}`);
const consumers = [await tcpConsumer(broker, "archive"), await webSocketConsumer(broker, "browser")];

const first = receipt(consumers, "hello world 1");
await publish(broker, "hello world 1");
await first;

const later = receipt(consumers, "hello from the past");
await publish(broker, "hello from the past", "&defer=3000");
await later;

for (const consumer of consumers) consumer.close();
await broker.stop();
say("broker", "stopped");
