// The hibernating WebSockets of an object. Whoever asks for one gets it whether the object was awake or has just woken.

import { type IdentityData, identityOf } from "../identity/identity-data.ts";
import { directDefaults, directLimits } from "../limits.ts";
import type { Options } from "../options.ts";
import type { ClientSettings } from "../protocol/identify.ts";
import { Access } from "../session/access.ts";
import { type Connection, initialSettings } from "../session/connection.ts";
import { Session } from "../session/session.ts";
import type { SessionHost } from "../session/session-host.ts";
import { introductionOf, type SocketIntroduction } from "./introduction.ts";
import { ATTACHMENT_VERSION, type Attachment, Socket, type SocketKind } from "./socket.ts";

/** WebSocket close codes (RFC 6455 7.4.1). */
const NORMAL_CLOSURE = 1000;
const GOING_AWAY = 1001;
/** How long the rest of a long command is waited for, ms: the object cannot sleep meanwhile. */
const STALLED_MS = 60_000;

/** How long after a change what a sleep would forget is kept, ms: until then a timer runs, and while one runs no object sleeps. */
const KEPT_AFTER_MS = 20;

/** Of a client here the Worker has found out who it is, before it connected; nobody can be asked again. */
export const NO_AUTH: Pick<SessionHost, "authenticate" | "authenticateAgain"> = {
  authenticate: (_secret, session) => session.authenticated(null, session.now),
  authenticateAgain: (session) => session.authenticatedAgain(null, session.now),
};

export interface SocketsHost {
  /** The host of their sessions. */
  readonly session: SessionHost;
  /** Carries out what nobody would be told the failure of. */
  guard(work: () => void): void;
}

export class Sockets {
  readonly #ctx: DurableObjectState;
  readonly #options: Options;
  readonly #host: SocketsHost;
  readonly #byWebSocket = new Map<WebSocket, Socket>();
  readonly #byConnection = new Map<string, Socket>();
  /** Those that have changed since they were kept last. */
  readonly #changed = new Set<Socket>();

  constructor(ctx: DurableObjectState, options: Options, host: SocketsHost) {
    this.#ctx = ctx;
    this.#options = options;
    this.#host = host;
  }

  /** Answers an upgrade request of the Worker. */
  accept(request: Request, now: number): Response {
    const introduction = introductionOf<SocketIntroduction>(request);
    if (introduction === null) return new Response(null, { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    const { connection, gateway, identity } = introduction;
    const kind = { isLink: gateway !== null, tellsTaken: gateway?.tellsTaken ?? false, identity };
    const session = this.#newSession(connection, gateway?.settings ?? null, kind);
    if (gateway) session.skipMagic();
    const socket = this.#add(server, session, kind, now);
    socket.keep();
    return new Response(null, { status: 101, webSocket: client });
  }

  /**
   * The sockets that slept, with the state of the consumers among them; to be called once when the object wakes. The one
   * whose event woke it counts, even if it is closing.
   */
  restore(now: number, waking?: WebSocket): { socket: Socket; attachment: Attachment }[] {
    const webSockets = new Set(this.#ctx.getWebSockets());
    if (waking) webSockets.add(waking);
    return [...webSockets].flatMap((webSocket) => {
      const attachment = webSocket.deserializeAttachment() as Attachment | null;
      if (attachment === null) return [];
      if (attachment.version !== ATTACHMENT_VERSION) {
        webSocket.close(GOING_AWAY, "the broker was updated");
        return [];
      }
      const { connection, session: state } = attachment;
      const session = this.#newSession(connection, state.settings, attachment);
      if (!session.restore(state)) {
        webSocket.close(GOING_AWAY, "the broker slept in the middle of a command");
        return [];
      }
      const socket = this.#add(webSocket, session, attachment, now);
      socket.restore(attachment);
      return [{ socket, attachment }];
    });
  }

  /** Null for one that was closed here. */
  get(webSocket: WebSocket): Socket | null {
    return this.#byWebSocket.get(webSocket) ?? null;
  }

  /** The socket of a connection; null when it is gone. */
  of(connection: string): Socket | null {
    return this.#byConnection.get(connection) ?? null;
  }

  /** The peer closed a socket, or it broke: completes the closing, which the runtime leaves to its object. */
  closed(webSocket: WebSocket): Socket | null {
    const socket = this.get(webSocket);
    if (socket) this.remove(socket);
    webSocket.close(NORMAL_CLOSURE);
    return socket;
  }

  /** Keeps what a sleep would forget of a connection, once for all that happens together. */
  keep(socket: Socket): void {
    if (this.#changed.size === 0) setTimeout(() => this.#host.guard(() => this.#keepChanged()), KEPT_AFTER_MS);
    this.#changed.add(socket);
  }

  /** False when it was removed before. */
  remove(socket: Socket): boolean {
    const { id } = socket.session.connection;
    if (this.#byConnection.get(id) === socket) this.#byConnection.delete(id); // the gateway may have opened another since
    return this.#byWebSocket.delete(socket.webSocket);
  }

  /** Whether a command is under way that would be lost by a sleep; one that does not go on is given up. */
  isReceiving(now: number): boolean {
    let isReceiving = false;
    for (const socket of [...this]) {
      if (!socket.session.hasLongPartial) continue;
      if (now - socket.heardAt < STALLED_MS) isReceiving = true;
      else socket.close(GOING_AWAY, "the rest of a command did not come");
    }
    return isReceiving;
  }

  get size(): number {
    return this.#byWebSocket.size;
  }

  [Symbol.iterator](): Iterator<Socket> {
    return this.#byWebSocket.values();
  }

  #keepChanged(): void {
    for (const socket of this.#changed) if (socket.isOpen) socket.keep();
    this.#changed.clear();
  }

  /** Without settings of its own a connection begins with the defaults. */
  #newSession(connection: Connection, settings: ClientSettings | null, { isLink, identity }: SocketKind): Session {
    const initial = settings ?? initialSettings(connection, directDefaults(this.#options));
    const access = accessOf(identity, !isLink);
    return new Session(connection, initial, directLimits(this.#options), this.#host.session, access, false);
  }

  #add(webSocket: WebSocket, session: Session, kind: SocketKind, now: number): Socket {
    const socket = new Socket(webSocket, session, kind, now);
    this.#byWebSocket.set(webSocket, socket);
    this.#byConnection.set(session.connection.id, socket);
    return socket;
  }
}

/** What the gateway's clients may do it has found out itself. @throws {Error} when the Worker told what is no identity */
function accessOf(data: IdentityData | null, isGuarded: boolean): Access {
  if (data === null) return Access.open();
  const identity = identityOf(data);
  if (identity === null) throw new Error("identity of a connection cannot be read");
  return new Access(isGuarded, identity);
}
