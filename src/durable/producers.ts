// Who publishes to a topic: its sockets (gateways and direct producers) and the calls of the Worker and other objects.

import type { Options } from "../options.ts";
import { clientError } from "../protocol/errors.ts";
import { clientStats } from "../session/client-stats.ts";
import type { Session } from "../session/session.ts";
import type { SessionHost } from "../session/session-host.ts";
import { Forwarder, type PublishTo } from "./forwarder.ts";
import { KeepAwake } from "./keep-awake.ts";
import type { PublishOutcome } from "./publish-group.ts";
import { Publisher, type PublisherHost } from "./publisher.ts";
import type { Socket } from "./socket.ts";
import { NO_AUTH, Sockets } from "./sockets.ts";
import type { ClientReport } from "./topic-stats.ts";

const NO_SUBSCRIPTION = "cannot SUB on a connection to a topic: name the channel in its URL, too";

export interface ProducersHost extends PublisherHost {
  /** Publishes to another topic. */
  readonly publishTo: PublishTo;
  /** Makes a topic exist. */
  createTopic(topic: string): void;
  /** Carries out what nobody would be told the failure of. */
  guard(work: () => void): void;
  /** Sees to it that `beat` is called at `at`, ms, or before. */
  wakeBy(at: number): void;
}

export class Producers {
  readonly #topic: string;
  readonly #publisher: Publisher;
  readonly #forwarder: Forwarder;
  readonly #sockets: Sockets;
  readonly #host: ProducersHost;
  readonly #keepAwake = new KeepAwake(() => this.#sockets.isReceiving(Date.now()));

  constructor(ctx: DurableObjectState, topic: string, options: Options, host: ProducersHost) {
    this.#topic = topic;
    this.#host = host;
    const answered = (sessions: Session[]) => this.#answered(sessions);
    this.#publisher = new Publisher(host, options.linger, answered);
    this.#forwarder = new Forwarder(host.publishTo, answered);
    this.#sockets = new Sockets(ctx, options, { session: this.#sessionHost, guard: (work) => host.guard(work) });
    this.#sockets.restore(Date.now());
  }

  readonly #sessionHost: SessionHost = {
    publish: (publication, session) => {
      const to = publication.topic === this.#topic ? this.#publisher : this.#forwarder;
      to.publish(publication, session, session.now);
      return null;
    },
    createTopic: (topic) => this.#host.createTopic(topic),
    subscribe: (_topic, _channel, session) => session.resume(session.now, clientError("E_INVALID", NO_SUBSCRIPTION)),
    ...NO_AUTH,
    compress: (_compression, session) => session.resume(session.now),
  };

  /** Answers an upgrade request. */
  accept(request: Request): Response {
    return this.#sockets.accept(request, Date.now());
  }

  /** Publishes records from another isolate. */
  publish(records: Uint8Array): Promise<PublishOutcome> {
    return this.#publisher.publishRecords(records);
  }

  receive(webSocket: WebSocket, message: string | ArrayBuffer): void {
    const socket = this.#sockets.get(webSocket);
    if (!socket) return;
    if (typeof message === "string") socket.control(message, Date.now());
    else socket.receive(new Uint8Array(message), Date.now());
    this.#afterwards([socket]);
  }

  closed(webSocket: WebSocket): void {
    this.#sockets.closed(webSocket);
  }

  /** Sends the heartbeats that are owed. */
  beat(now: number): void {
    const sockets = [...this.#sockets];
    for (const socket of sockets) socket.beat(now);
    this.#afterwards(sockets);
  }

  /** When `beat` is to be called next, ms; Infinity for never. */
  get nextBeatAt(): number {
    return Math.min(...[...this.#sockets].map(({ nextBeatAt }) => nextBeatAt));
  }

  /** Everybody who has published something. */
  get reports(): ClientReport[] {
    return [...this.#sockets]
      .map(({ session }) => session)
      .filter(({ pubCounts }) => pubCounts.size > 0)
      .map((session) => ({ id: session.connection.id, stats: clientStats(session) }));
  }

  #answered(sessions: readonly Session[]): void {
    this.#afterwards(sessions.flatMap(({ connection }) => this.#sockets.of(connection.id) ?? []));
  }

  /** Sends what is to be said, and stores what was published: also by commands that only now had their turn. */
  #afterwards(sockets: readonly Socket[]): void {
    for (const socket of sockets) {
      socket.flush();
      if (socket.isOpen) this.#keep(socket);
      else this.#sockets.remove(socket);
    }
    this.#publisher.flush();
    this.#forwarder.flush();
  }

  #keep(socket: Socket): void {
    this.#sockets.keep(socket);
    this.#host.wakeBy(socket.nextBeatAt);
    if (socket.session.hasLongPartial) this.#keepAwake.check();
  }
}
