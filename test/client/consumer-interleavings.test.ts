import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Consumer, type Message } from "../../src/client/index.ts";
import { type FakeConnection, FakeServer } from "./fake-server.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

const ADDRESSES = ["a", "b", "c", "d"];

type Step =
  | { readonly step: "connect" | "disconnect" | "hangUp" | "message" | "error"; readonly index: number }
  | { readonly step: "finish" | "requeue" | "continue" | "touch"; readonly index: number }
  | { readonly step: "change"; readonly to: number }
  | { readonly step: "pass"; readonly ms: number }
  | { readonly step: "reach"; readonly isUp: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    step: fc.constantFrom("connect" as const, "disconnect" as const, "hangUp" as const, "error" as const),
    index: fc.nat(9),
  }),
  { weight: 4, arbitrary: fc.record({ step: fc.constant("message" as const), index: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constantFrom("finish" as const, "requeue" as const, "continue" as const, "touch" as const),
      index: fc.nat(9),
    }),
  },
  fc.record({ step: fc.constant("change" as const), to: fc.nat(8) }),
  { weight: 2, arbitrary: fc.record({ step: fc.constant("pass" as const), ms: fc.nat(70_000) }) },
  fc.record({ step: fc.constant("reach" as const), isUp: fc.boolean() }),
);

/** What a connection was told last. */
function rdyOf({ commands, isClosed }: FakeConnection): number {
  const last = commands.findLast((line) => line.startsWith("RDY "));
  return isClosed || last === undefined ? 0 : Number(last.slice("RDY ".length));
}

function pick<T>(items: readonly T[], index: number): T | undefined {
  return items[index % Math.max(1, items.length)];
}

describe("a consumer, whatever happens in whatever order", () => {
  it("[CLIENT4] never tells its connections of more than max in flight, nor more than its connections can take", async () => {
    const seeds = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 7, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(fc.nat(8), seeds, fc.array(step, { maxLength: 50 }), async (maxInFlight, chances, steps) => {
        let turn = 0;
        const clock = new VirtualClock(() => chances[turn++ % chances.length] as number);
        const server = new FakeServer();
        server.features = { max_rdy_count: 5, msg_timeout: 60_000, max_msg_timeout: 900_000 };
        const fixed = { transport: server.transport, clock, heartbeatInterval: -1, maxAttempts: 0 };
        const consumer = new Consumer("t", "ch", { ...fixed, maxInFlight });
        const kept: Message[] = [];
        consumer.handle((message) => kept.push(message), { concurrency: 100, autoRespond: false });
        let max = maxInFlight;
        for (const each of steps) {
          const open = server.connections.filter(({ isClosed }) => !isClosed);
          if (each.step === "connect") consumer.connect(pick(ADDRESSES, each.index) as string);
          else if (each.step === "disconnect") consumer.disconnect(pick(ADDRESSES, each.index) as string);
          else if (each.step === "hangUp") pick(open, each.index)?.hangUp();
          else if (each.step === "error") pick(open, each.index)?.error("E_FIN_FAILED no");
          else if (each.step === "message") pick(open, each.index)?.message();
          else if (each.step === "finish") pick(kept, each.index)?.finish();
          else if (each.step === "requeue") pick(kept, each.index)?.requeue();
          else if (each.step === "continue") pick(kept, each.index)?.requeueWithoutBackoff();
          else if (each.step === "touch") pick(kept, each.index)?.touch();
          else if (each.step === "pass") await clock.pass(each.ms);
          else if (each.step === "reach") server.isUp = () => each.isUp;
          else if (each.step === "change") {
            max = each.to;
            consumer.changeMaxInFlight(max);
          }
          await settled();
          const rdys = server.connections.map(rdyOf);
          expect(rdys.reduce((sum, rdy) => sum + rdy, 0)).toBeLessThanOrEqual(max);
          expect(Math.max(0, ...rdys)).toBeLessThanOrEqual(5);
        }
        // In the end, when all is well, everything that may be in flight is asked for.
        server.isUp = () => true;
        consumer.changeMaxInFlight(8);
        for (let i = 0; i < 40; i++) {
          await clock.pass(130_000);
          for (const connection of server.connections) if (rdyOf(connection) > 0) connection.message();
          await settled();
          for (const message of kept) message.finish();
          await settled();
        }
        const rdys = server.connections.filter(({ isClosed }) => !isClosed).map(rdyOf);
        const share = Math.min(5, Math.max(1, Math.floor(8 / rdys.length)));
        expect(rdys).toEqual(rdys.map(() => share));
      }),
      { numRuns: 200 },
    );
  });
});
