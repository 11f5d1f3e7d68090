// What happens in a run, drawn from one seed: who does what, with which options, and when the broker is killed.

import { Random } from "../helpers/random.ts";
import { PARKED_MS, type Sight } from "./ledger.ts";

export const TOPIC = "t";

export type ProducerDoor = "http" | "tcp" | "/v2" | "/v2?topic" | "/v2?topic&channel";
export type ConsumerDoor = "tcp" | "/v2" | "/v2?topic&channel";

export interface ProducerPlan {
  readonly door: ProducerDoor;
  /** Publishes without an answer at a time. */
  readonly window: number;
  /** Publishes in a life. */
  readonly count: number;
  /** Messages of an MPUB at most. */
  readonly batch: number;
  /** In 100 publishes. */
  readonly mpubs: number;
  readonly deferred: number;
}

export interface ConsumerPlan {
  readonly channel: string;
  readonly door: ConsumerDoor;
  readonly msgTimeoutMs: number;
  readonly maxRdy: number;
  /** In 1,000 messages; what is left is finished at once. */
  readonly odds: {
    readonly requeue: number;
    readonly defer: number;
    /** Only with a short msg_timeout, since these messages must time out. */
    readonly leave: number;
    readonly touch: number;
    readonly disconnect: number;
  };
  /** In 100 chunks. */
  readonly barriers: number;
}

/** After some time, or so long after the last of so many sights; with 0 ms in the very event in which that is seen. */
export interface Kill {
  readonly afterMs: number;
  readonly sight: Sight | null;
  readonly count: number;
}

export interface LifePlan {
  /** Whether /stats is read before anybody connects; else the kill may strike while all do. */
  readonly isLookedAt: boolean;
  readonly kill: Kill;
}

export interface Plan {
  readonly seed: number;
  readonly options: Readonly<Record<string, string>>;
  readonly syncEvery: number;
  readonly channels: readonly string[];
  /** A channel that is deleted and made again. */
  readonly passing: string;
  /** One that is made in the middle. */
  readonly later: string;
  readonly producers: readonly ProducerPlan[];
  readonly consumers: readonly ConsumerPlan[];
  /** Whether some messages are deferred for longer than the run lasts. */
  readonly parks: boolean;
  /** Between two orders of the administrator. */
  readonly orderMs: number;
  /** In 100 orders: how many make or delete a channel. */
  readonly makes: number;
  /** How long the last life is under full load before all is drained. */
  readonly lastMs: number;
  /** Those that end with a kill. */
  readonly lives: readonly LifePlan[];
}

const PRODUCER_DOORS: readonly ProducerDoor[] = ["http", "tcp", "/v2", "/v2?topic", "/v2?topic&channel"];
const CONSUMER_DOORS: readonly ConsumerDoor[] = ["tcp", "/v2", "/v2?topic&channel"];
/** What a kill waits for, and how often that is seen before it at most. */
const SIGHTS = { acked: 300, proven: 300, redelivered: 300, ordered: 10, confirmed: 10 } as const satisfies Record<
  Sight,
  number
>;
/** NSQ's default, and one that runs out in a run. */
const LONG_MS = 60_000;
const SHORT_MS = 1_000;

export function drawPlan(seed: number, kills: number): Plan {
  const random = new Random(seed);
  const syncEvery = random.pick([1, 10, 100, 2_500]);
  const options = {
    "sync-every": String(syncEvery),
    "sync-timeout": random.pick(["10ms", "1s"]),
    linger: random.pick(["0", "20ms"]),
  };
  const channels = ["a", "b", "c"];
  const [passing, later] = ["passing", "later"];
  return {
    seed,
    options,
    syncEvery,
    channels,
    passing,
    later,
    producers: Array.from({ length: 3 + random.int(3) }, () => drawProducer(random)),
    consumers: [...channels, passing, later].flatMap((channel) => {
      return Array.from({ length: 1 + random.int(3) }, () => drawConsumer(random, channel));
    }),
    parks: random.chance(50),
    orderMs: random.pick([10, 50, 200]),
    makes: random.pick([10, 70]),
    lastMs: random.int(500),
    lives: Array.from({ length: kills }, (_, index) => drawLife(random, index === 0)),
  };
}

function drawProducer(random: Random): ProducerPlan {
  return {
    door: random.pick(PRODUCER_DOORS),
    window: random.pick([1, 1, 4, 32]),
    count: random.pick([50, 200, 800]),
    batch: random.pick([2, 10, 50]),
    mpubs: random.pick([0, 20, 50]),
    deferred: random.pick([0, 5, 30]),
  };
}

function drawConsumer(random: Random, channel: string): ConsumerPlan {
  const isShort = random.chance(40);
  return {
    channel,
    door: random.pick(CONSUMER_DOORS),
    msgTimeoutMs: isShort ? SHORT_MS : LONG_MS,
    maxRdy: random.pick([1, 5, 50, 500]),
    odds: {
      requeue: random.pick([0, 20, 200]),
      defer: random.pick([0, 20, 200]),
      leave: isShort ? random.pick([0, 10, 50]) : 0,
      touch: random.pick([0, 20, 100]),
      disconnect: isShort ? random.pick([0, 1, 5]) : 0,
    },
    barriers: random.pick([10, 50, 100]),
  };
}

function drawLife(random: Random, isFirst: boolean): LifePlan {
  const isHasty = !isFirst && random.chance(30);
  if (isHasty) return { isLookedAt: false, kill: { afterMs: random.int(150), sight: null, count: 0 } };
  const isLookedAt = random.chance(70);
  if (random.chance(40)) return { isLookedAt, kill: { afterMs: 50 + random.int(1_500), sight: null, count: 0 } };
  const sight = random.pick(Object.keys(SIGHTS) as Sight[]);
  const afterMs = sight === "ordered" ? random.int(80) / 10 : random.pick([0, 0, 0, 0.5, 3]);
  return { isLookedAt, kill: { afterMs, sight, count: 1 + random.int(SIGHTS[sight]) } };
}

/** A source of its own for each actor in each life: what one draws does not depend on how fast another is. */
export function actorRandom(seed: number, life: number, actor: number): Random {
  return new Random(Math.imul(seed, 0x9e3779b1) + Math.imul(life, 0x85ebca6b) + Math.imul(actor + 1, 0xc2b2ae35));
}

/** How long something is put off: mostly until later in the run. */
export function drawDelay(random: Random, parks: boolean): number {
  return parks && random.chance(5) ? PARKED_MS : 20 + random.int(1_200);
}
