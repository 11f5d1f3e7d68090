// What happens to a broker before its storage is kept as a fixture: the same for every version, so that the same must come out.

import type { ObjectDump } from "../helpers/storage-dump.ts";
import { Client } from "./client.ts";
import { identify } from "./commands.ts";
import { channelStats } from "./stats.ts";

/** Deferrals that must not end as long as there are fixtures, ms. */
export const CENTURY_MS = 36_500 * 24 * 60 * 60_000;
/** One that ends soon after. */
const SOON_MS = 30_000;
const MSG_TIMEOUT_MS = 1_000;
const LOOK_AGAIN_MS = 20;

/** The objects that have something stored afterwards. */
export const STORED_OBJECTS: readonly Omit<ObjectDump, "sql">[] = [
  { className: "Lookup", name: "lookup" },
  ...["orders", "clients", "paused", "held-back", "alone", "emptied", "again"].map((topic) => {
    return { className: "Topic" as const, name: `0/${topic}` };
  }),
  ...["orders/audit", "orders/billing", "clients/left", "clients/live#ephemeral", "paused/p", "again/c"].map(
    (channel) => {
      return { className: "Channel" as const, name: `0/${channel}` };
    },
  ),
];

interface Delivery {
  readonly body: string;
  readonly id: string;
  readonly attempts: number;
}

/** A consumer that answers nothing by itself. */
class Consumer {
  readonly client: Client;
  readonly deliveries: Delivery[] = [];

  private constructor(client: Client) {
    this.client = client;
    client.finishes = false;
    client.onMessage = (body, id, attempts) => this.deliveries.push({ body: body.toString(), id, attempts });
  }

  static async open(address: string, topic: string, channel: string, settings: object = {}): Promise<Consumer> {
    const consumer = new Consumer(await Client.open(address));
    consumer.client.write(identify(settings));
    await until(() => consumer.client.replies.length === 1);
    consumer.client.replies.length = 0;
    await consumer.client.subscribe(topic, channel);
    return consumer;
  }

  /** The id of the newest delivery of a message, once there were so many of it. */
  async id(body: string, attempts = 1): Promise<string> {
    const find = () => this.deliveries.find((delivery) => delivery.body === body && delivery.attempts === attempts);
    await until(() => find() !== undefined);
    return find()?.id as string;
  }
}

/**
 * Leaves behind, in a broker that keeps deferrals for a century, messages in every place that there is. Resolves while the
 * consumers are still connected: whoever stops the broker must wait until their channels have saved.
 */
export async function play(http: string, tcp: string): Promise<void> {
  const order = (path: string, body = "") => fetch(http + path, { method: "POST", body });
  const publish = async (topic: string, ...bodies: string[]) => {
    for (const body of bodies) await order(`/pub?topic=${topic}`, body);
  };
  const create = async (topic: string, ...channels: string[]) => {
    await order(`/topic/create?topic=${topic}`);
    for (const channel of channels) await order(`/channel/create?topic=${topic}&channel=${channel}`);
  };

  await create("orders", "audit", "billing", "idle");
  await order("/mpub?topic=orders", "o1\no2\no3");
  await publish("orders", "o4", "o5", "o6", "o7", "o8");
  const billing = await Consumer.open(tcp, "orders", "billing");
  billing.client.ready(8);
  const say = async (verb: string, body: string, attempts = 1, delay?: number) => {
    const id = await billing.id(body, attempts);
    billing.client.write(`${[verb, id, delay].filter((part) => part !== undefined).join(" ")}\n`);
  };
  await billing.id("o8");
  await say("FIN", "o1");
  await say("FIN", "o2");
  await say("REQ", "o3", 1, 0);
  await say("REQ", "o3", 2, 0);
  await billing.id("o3", 3);
  await say("REQ", "o4", 1, 0);
  await billing.id("o4", 2);
  billing.client.ready(0);
  await say("REQ", "o3", 3, 0); // waits
  await say("REQ", "o5", 1, CENTURY_MS);
  await say("REQ", "o6", 1, SOON_MS);
  await until(async () => (await channelStats(http, "orders", "billing"))?.requeue_count === 6);
  const audit = await Consumer.open(tcp, "orders", "audit");
  audit.client.ready(5);
  for (const body of ["o1", "o2", "o3", "o4", "o5"]) await audit.id(body);
  audit.client.ready(0);
  for (const { id } of audit.deliveries) audit.client.write(`FIN ${id}\n`);
  await until(async () => (await channelStats(http, "orders", "audit"))?.in_flight_count === 0);
  await order(`/pub?topic=orders&defer=${CENTURY_MS}`, "o9");
  await order("/pub?topic=orders&defer=1000", "o10");
  await publish("orders", "o11", "o12");

  // A message whose consumer left, one that timed out, and an ephemeral channel with a consumer.
  await create("clients", "left");
  const live = await Consumer.open(tcp, "clients", "live#ephemeral");
  live.client.ready(1);
  await publish("clients", "c1");
  await live.id("c1");
  const impatient = await Consumer.open(tcp, "clients", "left", { msg_timeout: MSG_TIMEOUT_MS });
  impatient.client.ready(1);
  await impatient.id("c1");
  impatient.client.ready(0);
  await until(async () => (await channelStats(http, "clients", "left"))?.timeout_count === 1);
  await publish("clients", "c2");
  const leaving = await Consumer.open(tcp, "clients", "left");
  leaving.client.ready(1);
  await until(() => leaving.deliveries.length === 1);
  leaving.client.close();
  await until(async () => (await channelStats(http, "clients", "left"))?.client_count === 1);

  await create("paused", "p", "q");
  await order("/channel/pause?topic=paused&channel=p");
  await publish("paused", "p1", "p2");

  await create("held-back", "c");
  await publish("held-back", "h1");
  await order("/topic/pause?topic=held-back");
  await publish("held-back", "h2", "h3");

  await publish("alone", "a1", "a2");

  await create("emptied", "c");
  await publish("emptied", "e1");
  await order("/topic/pause?topic=emptied");
  await publish("emptied", "e2", "e3");
  await order("/topic/empty?topic=emptied");
  await order("/topic/unpause?topic=emptied");
  await publish("emptied", "e4");

  // A channel in its second life, whose first one had messages.
  await create("again", "c", "other");
  await publish("again", "g1");
  await order("/channel/delete?topic=again&channel=c");
  await create("again", "c");
  await order("/channel/pause?topic=again&channel=c");
  await publish("again", "g2");

  // What only the nsqlookupd part knows.
  await order("/lookupd/topic/create?topic=elsewhere");
  await order("/lookupd/channel/create?topic=elsewhere&channel=there");
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await holds()); ) {
    if (Date.now() > deadline) throw new Error(`still not so: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
