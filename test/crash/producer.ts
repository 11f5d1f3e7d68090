// Those who publish, as fast as they are answered.

import type { Random } from "../helpers/random.ts";
import { Connection, textOf } from "./connection.ts";
import type { Publish } from "./ledger.ts";
import { actorRandom, type ProducerPlan } from "./plan.ts";
import { commandOf, drawDraft, requestOf } from "./publishes.ts";
import { type Actor, addressOf, post, type Stage } from "./stage.ts";

/** In 1,000 publishes a V2 producer leaves without waiting for its answers, and comes again. */
const LEAVES = 3;

export interface Producer extends Actor {
  /** Publishes nothing more. */
  finish(): void;
}

export function startProducer(stage: Stage, plan: ProducerPlan, actor: number): Producer {
  const random = actorRandom(stage.plan.seed, stage.ledger.life, actor);
  return plan.door === "http" ? new HttpProducer(stage, plan, random) : new V2Producer(stage, plan, random);
}

class HttpProducer implements Producer {
  readonly ended: Promise<unknown>;
  readonly #stage: Stage;
  readonly #plan: ProducerPlan;
  readonly #random: Random;
  #left: number;

  constructor(stage: Stage, plan: ProducerPlan, random: Random) {
    this.#stage = stage;
    this.#plan = plan;
    this.#random = random;
    this.#left = plan.count;
    this.ended = Promise.all(Array.from({ length: Math.min(plan.window, 4) }, () => this.#publishAll()));
  }

  finish(): void {
    this.#left = 0;
  }

  async #publishAll(): Promise<void> {
    const { ledger, plan } = this.#stage;
    while (this.#left-- > 0 && !ledger.isKilled) {
      const draft = drawDraft(this.#random, this.#plan, plan.parks, ledger.publishes.length);
      const [path, body] = requestOf(draft, this.#random.chance(50));
      const publish = ledger.publishing(draft.bodies, draft.deferMs);
      const answer = await post(this.#stage, path, body);
      if (answer?.text === "OK") ledger.acked(publish);
      else if (answer) ledger.surprised(`${path} was answered ${answer.status} ${answer.text}`);
    }
  }
}

class V2Producer implements Producer {
  readonly ended: Promise<unknown>;
  readonly #stage: Stage;
  readonly #plan: ProducerPlan;
  readonly #random: Random;
  #connection: Connection;
  #owed: Publish[] = [];
  #left: number;
  #end: () => void = () => {};

  constructor(stage: Stage, plan: ProducerPlan, random: Random) {
    this.#stage = stage;
    this.#plan = plan;
    this.#random = random;
    this.#left = plan.count;
    this.ended = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    this.#connection = this.#connect();
    this.#publishOn();
  }

  finish(): void {
    this.#left = 0;
    this.#publishOn();
  }

  #connect(): Connection {
    this.#owed = [];
    const connection: Connection = new Connection(addressOf(this.#stage, this.#plan.door), {
      received: (frames) => {
        for (const frame of frames) this.#answered(textOf(frame));
        this.#publishOn();
      },
      closed: (why) => {
        this.#stage.ledger.surprised(`a producer on ${this.#plan.door} lost its connection: ${why}`);
        this.#end();
      },
    });
    return connection;
  }

  #answered(text: string): void {
    const { ledger } = this.#stage;
    const publish = this.#owed.shift();
    if (text === "OK" && publish) ledger.acked(publish);
    else ledger.surprised(`a producer on ${this.#plan.door} was answered ${text}`);
  }

  #publishOn(): void {
    const { ledger, plan } = this.#stage;
    const commands: Buffer[] = [];
    while (this.#owed.length < this.#plan.window && this.#left > 0) {
      this.#left--;
      const draft = drawDraft(this.#random, this.#plan, plan.parks, ledger.publishes.length);
      this.#owed.push(ledger.publishing(draft.bodies, draft.deferMs, this.#connection));
      commands.push(commandOf(draft));
    }
    if (commands.length > 0) this.#connection.write(Buffer.concat(commands));
    if (this.#random.int(1_000) < LEAVES && this.#left > 0) {
      this.#connection.close();
      this.#connection = this.#connect();
      this.#publishOn();
    }
    if (this.#owed.length === 0 && this.#left === 0) {
      this.#connection.close();
      this.#end();
    }
  }
}
