import { describe, expect, it } from "vitest";
import type { Consumer } from "../../src/queue/consumer.ts";
import { Consumers } from "../../src/queue/consumers.ts";
import { consumer } from "../helpers/channel.ts";

function consumersOf(...members: Consumer[]): Consumers {
  const consumers = new Consumers();
  for (const member of members) consumers.add(member);
  return consumers;
}

describe("Consumers", () => {
  it("[CHN6] who has a turn keeps it until it was served", () => {
    const [a, b, c] = [consumer({ id: "a" }), consumer({ id: "b" }), consumer({ id: "c" })];
    const consumers = consumersOf(a, b, c);
    const turns: (Consumer | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      turns.push(consumers.next(), consumers.next());
      consumers.served();
    }
    expect(turns).toEqual([a, a, b, b, c, c, a, a]);
  });

  it("[CHN6] when one leaves the others keep their turns", () => {
    for (const [leaving, next] of [
      ["a", "b"],
      ["b", "c"],
      ["c", "b"],
    ] as const) {
      const members = ["a", "b", "c"].map((id) => consumer({ id }));
      const consumers = consumersOf(...members);
      expect(consumers.next()?.id).toBe("a");
      consumers.served();
      consumers.remove(members.find(({ id }) => id === leaving) as Consumer);
      expect(consumers.next()?.id, `${leaving} left`).toBe(next);
    }
  });

  it("[CHN6] only those with room have a turn", () => {
    const [a, b] = [consumer({ id: "a" }), consumer({ id: "b", rdy: 0 })];
    const consumers = consumersOf(a, b);
    expect([consumers.next(), consumers.next(), consumers.ready(), consumers.isWanting]).toEqual([a, a, 1, true]);
    a.rdy = 0;
    expect([consumers.next(), consumers.ready(), consumers.isWanting]).toEqual([undefined, 0, false]);
  });

  it("[CHN6] a consumer that left has no turn any more", () => {
    const [a, b] = [consumer({ id: "a" }), consumer({ id: "b" })];
    const consumers = consumersOf(a, b);
    consumers.remove(a);
    expect([consumers.next(), consumers.next(), [...consumers]]).toEqual([b, b, [b]]);
    expect([consumers.has(a), consumers.get("a"), consumers.has(b), consumers.get("b")]).toEqual([
      false,
      undefined,
      true,
      b,
    ]);
    consumers.remove(b);
    expect([consumers.size, consumers.next()]).toEqual([0, undefined]);
  });

  it("[CHN5] a consumer has room for what RDY leaves beside what is in flight", () => {
    const one = consumer({ rdy: 3 });
    one.inFlight = 2;
    expect(one.room).toBe(1);
    one.rdy = 1;
    expect([one.room, consumersOf(one).next()]).toEqual([0, undefined]);
  });

  it("[CHN18] a consumer whose socket is full has no room", () => {
    const blocked = consumer({ rdy: 3 });
    blocked.isBlocked = true;
    const consumers = consumersOf(blocked);
    expect([blocked.room, consumers.ready(), consumers.next()]).toEqual([0, 0, undefined]);
    expect(consumers.isWanting).toBe(true);
  });

  it("[CHN5] a consumer that is closing wants nothing more", () => {
    const closing = consumer({ rdy: 3 });
    closing.isClosing = true;
    const consumers = consumersOf(closing, consumer({ rdy: 0 }));
    expect([closing.room, consumers.ready(), consumers.isWanting]).toEqual([0, 0, false]);
  });
});
