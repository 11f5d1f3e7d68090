import { describe, expect, it } from "vitest";
import { unfinished } from "../../src/queue/unfinished.ts";
import { Waiting } from "../../src/queue/waiting.ts";
import { Random } from "../helpers/random.ts";
import { T0 } from "../helpers/records.ts";

function waitingWith(...seqs: number[]): Waiting {
  const waiting = new Waiting();
  for (const seq of seqs) waiting.add(unfinished(seq, T0), 100);
  return waiting;
}

function seqsOf(waiting: Waiting): number[] {
  return [...waiting].map(({ seq }) => seq);
}

describe("Waiting", () => {
  it("[CHN7] messages leave in the order in which they came, each behind what was published by then", () => {
    const waiting = new Waiting();
    waiting.add(unfinished(9, T0), 20);
    waiting.add(unfinished(3, T0), 25);
    expect([waiting.first?.seq, waiting.first?.after, waiting.size]).toEqual([9, 20, 2]);
    waiting.shift();
    expect([waiting.first?.seq, waiting.first?.after, waiting.size]).toEqual([3, 25, 1]);
    waiting.shift();
    expect([waiting.first, waiting.size]).toEqual([undefined, 0]);
  });

  it("[CHN7] the order holds however coming, leaving and dropping mix", () => {
    const random = new Random(3);
    const waiting = new Waiting();
    let expected: number[] = [];
    for (let seq = 0; seq < 3_000; seq++) {
      waiting.add(unfinished(seq, T0), seq);
      expected.push(seq);
      if (random.chance(45) && expected.length > 0) {
        waiting.shift();
        expected.shift();
      }
      if (random.chance(1)) {
        const dropped = random.int(3);
        waiting.removeIf((message) => message.seq % 3 === dropped);
        expected = expected.filter((other) => other % 3 !== dropped);
      }
      expect([waiting.size, waiting.first?.seq]).toEqual([expected.length, expected[0]]);
    }
    expect(seqsOf(waiting)).toEqual(expected);
  });

  it("[CHN14] after clearing nothing waits, and others can come", () => {
    const waiting = waitingWith(1, 2, 3);
    waiting.shift();
    waiting.clear();
    expect([waiting.size, waiting.first, seqsOf(waiting)]).toEqual([0, undefined, []]);
    waiting.add(unfinished(4, T0), 0);
    expect(seqsOf(waiting)).toEqual([4]);
  });
});
