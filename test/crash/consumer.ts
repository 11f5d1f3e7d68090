// One who consumes from a channel: mostly finishes at once, but also requeues, touches, leaves unanswered, and goes in the middle.

import { toByteString } from "../../src/protocol/bytes.ts";
import { FRAME_HEADER, FrameType } from "../../src/protocol/frame.ts";
import { BODY_OFFSET, ID_OFFSET } from "../../src/protocol/message.ts";
import { identify } from "../broker/commands.ts";
import type { Random } from "../helpers/random.ts";
import type { Channel } from "./channel-record.ts";
import { Connection, type Received, textOf } from "./connection.ts";
import type { AnswerKind, ConsumerRecord, Delivery } from "./consumer-record.ts";
import { actorRandom, type ConsumerPlan, drawDelay, TOPIC } from "./plan.ts";
import { type Actor, addressOf, type Stage } from "./stage.ts";

/** Who had a message so often finishes it, so that a run comes to its end. */
const MAX_ATTEMPTS = 6;
/** RDY 0 lasts so long, ms. */
const REST_MS = 50;
/** A message that is touched is finished within this, ms. */
const TOUCHED_MS = 1_400;
/** In 100 chunks. */
const NEW_RDY = 5;
/** Of one who only finishes. */
const DILIGENT_RDY = 500;

export class Consumer implements Actor {
  readonly channel: Channel;
  readonly ended: Promise<unknown>;
  readonly #stage: Stage;
  readonly #plan: ConsumerPlan;
  readonly #random: Random;
  #record: ConsumerRecord;
  #connection: Connection;
  #commands = "";
  /** To be answered later, by id. */
  readonly #kept = new Map<string, Delivery>();
  #okCount = 0;
  /** Finishes all, and stays. */
  #isDiligent = false;
  #isRetired = false;
  #changed: () => void = () => {};
  #end: () => void = () => {};

  constructor(stage: Stage, plan: ConsumerPlan, channel: Channel, actor: number) {
    this.channel = channel;
    this.#stage = stage;
    this.#plan = plan;
    this.#random = actorRandom(stage.plan.seed, stage.ledger.life, actor);
    this.ended = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    [this.#record, this.#connection] = this.#connect();
  }

  /** From now on it finishes everything. */
  beDiligent(): void {
    this.#isDiligent = true;
    for (const { id } of [...this.#kept.values()]) this.#answerLater(id, "FIN");
    if (this.#isSubscribed) this.#ready(DILIGENT_RDY);
    this.#write();
  }

  /** Does not connect again; resolves when it is not about to subscribe. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    await this.#until(() => this.#isSubscribed);
  }

  /** Resolves when what became of everything that was said is known. */
  async settle(): Promise<void> {
    this.#bar();
    this.#write();
    await this.#until(() => this.#record.isAllProven);
  }

  close(): void {
    this.#connection.close();
    this.#end();
  }

  get #isSubscribed(): boolean {
    return this.#okCount === 2;
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        if (condition() || this.#connection.isOver) resolve();
      };
      this.#changed();
    });
  }

  #connect(): [ConsumerRecord, Connection] {
    const { channel } = this;
    const { msgTimeoutMs, door } = this.#plan;
    this.#kept.clear();
    this.#okCount = 0;
    this.#commands = "";
    const record = channel.subscribing(msgTimeoutMs);
    const connection: Connection = new Connection(addressOf(this.#stage, door, channel.name), {
      received: (frames) => {
        for (const frame of frames) if (!connection.isOver) this.#take(frame);
        if (!connection.isOver) this.#afterChunk();
      },
      closed: (why) => this.#lost(why),
    });
    const sub = Buffer.from(`SUB ${TOPIC} ${channel.name}\n`);
    connection.write(Buffer.concat([identify({ msg_timeout: msgTimeoutMs }), sub]));
    return [record, connection];
  }

  #lost(why: string): void {
    if (!this.#stage.ledger.isKilled) this.#record.isClosed = true;
    if (this.channel.deletion === null) {
      this.#stage.ledger.surprised(
        `a consumer of ${this.channel.name} on ${this.#plan.door} lost its connection: ${why}`,
      );
    }
    this.#changed();
    this.#end();
  }

  #take(frame: Received): void {
    if (frame.type === FrameType.message) this.#deliver(frame.data);
    else if (frame.type === FrameType.error) this.#record.refused(textOf(frame));
    else if (textOf(frame) === "OK" && ++this.#okCount === 2)
      this.#ready(this.#isDiligent ? DILIGENT_RDY : this.#plan.maxRdy);
  }

  #deliver(data: Uint8Array): void {
    const view = Buffer.from(data.buffer, data.byteOffset, data.length);
    const id = toByteString(data, ID_OFFSET - FRAME_HEADER, BODY_OFFSET - FRAME_HEADER);
    const attempts = view.readUInt16BE(ID_OFFSET - FRAME_HEADER - 2);
    const body = view.toString("latin1", BODY_OFFSET - FRAME_HEADER);
    this.#kept.delete(id);
    const delivery = this.#record.delivered(id, attempts, body);
    if (delivery.answer === null) this.#act(delivery);
  }

  #act(delivery: Delivery): void {
    const { requeue, defer, leave, touch, disconnect } = this.#plan.odds;
    if (this.#isDiligent || delivery.attempts > MAX_ATTEMPTS) {
      this.#answer(delivery, "FIN");
      return;
    }
    let drawn = this.#random.int(1_000);
    const isDrawn = (odds: number) => {
      drawn -= odds;
      return drawn < 0;
    };
    if (isDrawn(requeue)) this.#answer(delivery, "REQ", 0);
    else if (isDrawn(defer)) this.#answer(delivery, "REQ", drawDelay(this.#random, this.#stage.plan.parks));
    else if (isDrawn(leave)) this.#kept.set(delivery.id, delivery);
    else if (isDrawn(touch)) this.#touch(delivery);
    else if (isDrawn(disconnect) && !this.#isRetired && this.channel.deletion === null) this.#reconnect();
    else this.#answer(delivery, "FIN");
  }

  #answer(delivery: Delivery, kind: AnswerKind, delayMs = 0): void {
    this.#record.answering(delivery, kind, delayMs);
    this.#commands += kind === "REQ" ? `REQ ${delivery.id} ${delayMs}\n` : `${kind} ${delivery.id}\n`;
  }

  /** Answers what is still kept. */
  #answerLater(id: string, kind: AnswerKind): void {
    const delivery = this.#kept.get(id);
    if (!delivery || delivery.answer !== null) return;
    if (kind !== "TOUCH") this.#kept.delete(id);
    this.#answer(delivery, kind);
  }

  /** Touches once more before it finishes. */
  #touch(delivery: Delivery): void {
    this.#kept.set(delivery.id, delivery);
    const touchedMs = this.#random.int(TOUCHED_MS / 2);
    const finishedMs = touchedMs + this.#random.int(TOUCHED_MS / 2);
    const later = (ms: number, kind: AnswerKind) => {
      setTimeout(() => {
        if (this.#kept.get(delivery.id) !== delivery || this.#connection.isOver) return;
        this.#answerLater(delivery.id, kind);
        this.#bar();
        this.#write();
      }, ms);
    };
    later(touchedMs, "TOUCH");
    later(finishedMs, "FIN");
  }

  #afterChunk(): void {
    if (this.#isSubscribed && !this.#isDiligent && this.#random.chance(NEW_RDY)) this.#changeRdy();
    if (this.#commands !== "" && (this.#isDiligent || this.#random.chance(this.#plan.barriers))) this.#bar();
    this.#write();
    this.#changed();
  }

  #changeRdy(): void {
    const count = this.#random.int(this.#plan.maxRdy + 1);
    const connection = this.#connection;
    this.#ready(count);
    if (count > 0) return;
    setTimeout(() => {
      if (connection.isOver || this.#isDiligent) return;
      this.#ready(this.#plan.maxRdy);
      this.#write();
    }, REST_MS);
  }

  #ready(count: number): void {
    this.#record.readying(count);
    this.#commands += `RDY ${count}\n`;
  }

  #bar(): void {
    this.#commands += `FIN ${this.#record.barring()}\n`;
  }

  #reconnect(): void {
    this.#write();
    this.#record.isClosed = true;
    this.#connection.close();
    [this.#record, this.#connection] = this.#connect();
  }

  #write(): void {
    if (this.#commands === "") return;
    this.#connection.write(Buffer.from(this.#commands));
    this.#commands = "";
  }
}
