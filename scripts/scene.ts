// Traffic as a shop would have it, so that there is something to see on the admin pages.

import { Consumer, type ConsumerOptions, Producer } from "../src/client/index.ts";
import type { BrokerProcess } from "./broker.ts";

const MINUTE = 60_000;
/** How often something happens, ms. */
const BEAT_MS = 50;
const COUNTRIES = ["AT", "BR", "DE", "JP", "KE", "US"];

export interface Scene {
  stop(): Promise<void>;
}

export async function playScene(broker: BrokerProcess): Promise<Scene> {
  const order = (path: string) => fetch(broker.http + path, { method: "POST" });
  const create = async (topic: string, ...channels: string[]) => {
    await order(`/topic/create?topic=${topic}`);
    for (const channel of channels) await order(`/channel/create?topic=${topic}&channel=${channel}`);
  };
  await create("orders", "billing", "shipping", "archive");
  await create("clicks", "analytics", "dashboard%23ephemeral");
  await create("emails", "smtp");
  await create("invoices");
  await create("audit-log", "s3");
  await order("/channel/pause?topic=orders&channel=archive");
  const producer = new Producer(broker.ws);
  for (let i = 0; i < 40; i++) await producer.publish("invoices", JSON.stringify({ invoice: 4_000 + i, total: 99.9 }));
  for (let i = 0; i < 11; i++) await producer.deferredPublish("emails", (1 + i) * 5 * MINUTE, mail(i));

  const consumers = [
    consume(
      broker,
      "orders",
      "billing",
      { clientId: "billing-1", hostname: "billing-1.shop.example", maxInFlight: 20 },
      30,
    ),
    consume(
      broker,
      "orders",
      "billing",
      { clientId: "billing-2", hostname: "billing-2.shop.example", maxInFlight: 20 },
      30,
    ),
    consume(
      broker,
      "orders",
      "shipping",
      { clientId: "ship", hostname: "warehouse.shop.example", maxInFlight: 5 },
      400,
    ),
    consume(
      broker,
      "clicks",
      "analytics",
      { clientId: "etl", hostname: "etl.shop.example", maxInFlight: 200, sampleRate: 50 },
      1,
    ),
    consume(broker, "clicks", "dashboard#ephemeral", { clientId: "tab", hostname: "a browser", maxInFlight: 50 }, 1),
    consume(broker, "emails", "smtp", { clientId: "smtp", hostname: "mail.shop.example", maxInFlight: 3 }, 900),
  ];
  let beat = 0;
  const timer = setInterval(() => {
    beat++;
    const publishing = [
      producer.publish("orders", JSON.stringify(shopOrder(beat))),
      ...Array.from({ length: 1 + (beat % 7) }, () =>
        producer.publish("clicks", `{"page":"/item/${beat}","ms":${beat % 90}}`),
      ),
      ...(beat % 8 === 0
        ? [producer.publish("emails", mail(beat)), producer.publish("audit-log", `login user=${beat}`)]
        : []),
    ];
    for (const each of publishing) each.catch(() => {}); // the broker may end first
  }, BEAT_MS);
  return {
    async stop() {
      clearInterval(timer);
      producer.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
}

function consume(
  broker: BrokerProcess,
  topic: string,
  channel: string,
  options: ConsumerOptions,
  ms: number,
): Consumer {
  const consumer = new Consumer(topic, channel, { userAgent: "shop/2.4 nsq-edge-client", ...options });
  consumer.handle(() => new Promise((resolve) => setTimeout(resolve, ms)), { concurrency: 4 });
  consumer.connectToEdge(broker.http);
  return consumer;
}

function shopOrder(i: number): object {
  return {
    order: 10_000 + i,
    customer: { id: 7 * i, country: COUNTRIES[i % COUNTRIES.length] },
    items: [{ sku: `A-${i % 40}`, count: 1 + (i % 3), price: 12.5 }],
    paid: i % 5 !== 0,
  };
}

function mail(i: number): string {
  return `To: customer${i}@mail.example\nSubject: Your order ${10_000 + i}\n\nThank you – it is on its way.\n`;
}
