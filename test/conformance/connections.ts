import { Connection } from "./connection.ts";
import type { Framing } from "./frame.ts";
import type { Target } from "./target.ts";

/** The connections of one scenario by name. */
export class Connections {
  readonly #connections = new Map<string, Connection>();
  /** By message variable, the connection that received the message. */
  readonly #owners = new Map<string, Connection>();
  #last: Connection | null = null;
  #isOver = false;

  async open(name: string, framing: Framing, target: Target): Promise<Connection> {
    const connection = await Connection.open(name, framing, target);
    if (this.#isOver) connection.close(); // the scenario ran out of time meanwhile
    this.#connections.set(name, connection);
    this.#last = connection;
    return connection;
  }

  all(): Connection[] {
    return [...this.#connections.values()];
  }

  /** @param name `@x` for the one that received message `x`; by default the one opened last */
  get(name?: string): Connection {
    const connection = this.#find(name);
    if (!connection) throw new Error(`no connection ${name ?? ""}`);
    return connection;
  }

  list(names?: string | string[]): Connection[] {
    return Array.isArray(names) ? names.map((name) => this.get(name)) : [this.get(names)];
  }

  closeAll(): void {
    this.#isOver = true;
    for (const connection of this.all()) connection.close();
  }

  setOwner(message: string, connection: Connection): void {
    this.#owners.set(message, connection);
  }

  #find(name: string | undefined): Connection | null | undefined {
    if (name === undefined) return this.#last;
    return name.startsWith("@") ? this.#owners.get(name.slice(1)) : this.#connections.get(name);
  }
}
