// The hibernating WebSockets of producers elsewhere that register their topics with V1.

import type { Producer } from "../lookup/directory.ts";
import { type V1Host, V1Session, type V1State } from "../lookup/v1-session.ts";
import { concat } from "../protocol/bytes.ts";
import { END_OF_INPUT } from "../session/link-control.ts";
import { introductionOf, type V1Introduction } from "./introduction.ts";

/** WebSocket close codes (RFC 6455 7.4.1). */
const NORMAL_CLOSURE = 1000;
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;

/** A socket whose attachment has another version is closed: its producer connects anew. */
const ATTACHMENT_VERSION = 1;

/** What is kept while the object sleeps (at most 16 KB; a command under way is shorter than 5). */
interface Attachment {
  readonly version: typeof ATTACHMENT_VERSION;
  readonly introduction: V1Introduction;
  readonly state: V1State;
}

export interface RegistrationHost {
  register(producer: string, topic: string, channel: string | null): void;
  unregister(producer: string, topic: string, channel: string | null): void;
  /** A producer is gone. */
  left(producer: string): void;
}

interface V1Socket {
  readonly webSocket: WebSocket;
  readonly introduction: V1Introduction;
  readonly session: V1Session;
}

export class V1Sockets {
  /** Everybody who has introduced himself, by id. */
  readonly producers = new Map<string, Producer>();
  readonly #ctx: DurableObjectState;
  readonly #host: RegistrationHost;
  readonly #sockets = new Map<WebSocket, V1Socket>();

  constructor(ctx: DurableObjectState, host: RegistrationHost) {
    this.#ctx = ctx;
    this.#host = host;
    for (const webSocket of ctx.getWebSockets()) {
      const attachment = webSocket.deserializeAttachment() as Attachment | null;
      if (attachment === null) continue;
      if (attachment.version !== ATTACHMENT_VERSION) {
        webSocket.close(GOING_AWAY, "the broker was updated");
        continue;
      }
      const socket = this.#add(webSocket, attachment.introduction);
      socket.session.restore(attachment.state);
      this.#keep(socket);
    }
  }

  /** Answers an upgrade request of the Worker. */
  accept(request: Request): Response {
    const introduction = introductionOf<V1Introduction>(request);
    if (introduction === null) return new Response(null, { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    this.#keep(this.#add(server, introduction));
    return new Response(null, { status: 101, webSocket: client });
  }

  receive(webSocket: WebSocket, message: string | ArrayBuffer, now: number): void {
    const socket = this.#sockets.get(webSocket);
    if (!socket) return;
    const { session, introduction } = socket;
    // A producer says something every few seconds, or is hidden soon.
    if (introduction.endsAt && now >= introduction.endsAt) {
      this.#close(socket, POLICY_VIOLATION, "the token is over");
      return;
    }
    if (typeof message !== "string") session.receive(new Uint8Array(message), now);
    else if (introduction.isLink && message === END_OF_INPUT) session.endOfInput();
    else {
      this.#close(socket, UNSUPPORTED_DATA, "binary messages only");
      return;
    }
    const output = session.takeOutput();
    if (output.length > 0) webSocket.send(concat(output));
    if (session.isDone) this.#close(socket, NORMAL_CLOSURE, "");
    else this.#keep(socket);
  }

  /** The peer closed a socket, or it broke: completes the closing, which the runtime leaves to its object. */
  closed(webSocket: WebSocket): void {
    this.#forget(webSocket);
    webSocket.close(NORMAL_CLOSURE);
  }

  #add(webSocket: WebSocket, introduction: V1Introduction): V1Socket {
    const { id, remoteAddress } = introduction.connection;
    const host: V1Host = {
      identified: () => introduction.self,
      register: (topic, channel) => this.#host.register(id, topic, channel),
      unregister: (topic, channel) => this.#host.unregister(id, topic, channel),
    };
    const socket = { webSocket, introduction, session: new V1Session(remoteAddress, host) };
    this.#sockets.set(webSocket, socket);
    return socket;
  }

  #keep({ webSocket, introduction, session }: V1Socket): void {
    const { id } = introduction.connection;
    const { info, lastUpdate } = session;
    if (info !== null) this.producers.set(id, { id, info, lastUpdate });
    const attachment: Attachment = { version: ATTACHMENT_VERSION, introduction, state: session.state };
    webSocket.serializeAttachment(attachment);
  }

  #close({ webSocket }: V1Socket, code: number, reason: string): void {
    this.#forget(webSocket);
    webSocket.serializeAttachment(null); // not to be taken for a live one after a sleep
    webSocket.close(code, reason);
  }

  #forget(webSocket: WebSocket): void {
    const socket = this.#sockets.get(webSocket);
    if (!socket) return;
    this.#sockets.delete(webSocket);
    const { id } = socket.introduction.connection;
    if (this.producers.delete(id)) this.#host.left(id);
  }
}
