// Counts what Cloudflare bills for. It lives in the isolate of the Worker and its objects, stands between them and the runtime, and
// needs nothing of them.

import { DurableObject, env } from "cloudflare:workers";
import * as main from "../../src/index.ts";
import { soon } from "./patience.ts";
import { COUNTED, type Counts } from "./prices.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<string | symbol, Method>;

/** What of an object's storage is billed by the call, and as what (see `PRICES`, footnotes on rows); asking for the alarm is not. */
const BILLED_CALLS: Readonly<Record<string, keyof Counts>> = {
  setAlarm: "rowsWritten",
  // "Deletes are counted as rows written": that these are is not said.
  deleteAlarm: "rowsWritten",
  deleteAll: "rowsWritten",
};
/** Billed by rows that nobody here sees: the broker has no use for them. */
const UNMETERED_CALLS = ["get", "put", "delete", "list", "transaction"];

export class Meter {
  readonly #counts: Record<keyof Counts, number> = zero();
  readonly #undo: (() => void)[] = [];
  /** What was counted of a cursor's rows. */
  readonly #seen = new WeakMap<SqlStorageCursor<never>, { read: number; written: number }>();
  #isPaused = false;
  #underWay = 0;

  /** Counts from now on. The storage of any object shows what those of all have in common. */
  constructor(storage: DurableObjectStorage) {
    this.#meterStorage(storage);
    this.#meterObjects();
    const namespaces = Object.getPrototypeOf(env.TOPIC) as Methods;
    for (const name of ["get", "getByName"]) {
      this.#patch(
        namespaces,
        name,
        (original) => (namespace, args) => this.#meteredStub(Reflect.apply(original, namespace, args) as object),
      );
    }
    this.#patch(main.default as unknown as Methods, "fetch", (original) => (worker, args) => {
      this.#add("workerRequests", 1);
      return Reflect.apply(original, worker, args);
    });
  }

  /** Counts no more. */
  remove(): void {
    for (const undo of this.#undo.reverse()) undo();
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  /** Resolves when no object is busy with what was asked of it, and objects got so many messages over WebSockets in all. */
  async quiet(webSocketMessages = 0): Promise<void> {
    await soon("all is carried out", () => this.#underWay === 0 && this.#counts.webSocketMessages >= webSocketMessages);
  }

  /** Does something that is no part of what is measured. Nothing else may be under way. */
  async uncounted<T>(work: () => Promise<T>): Promise<T> {
    this.#isPaused = true;
    try {
      return await work();
    } finally {
      this.#isPaused = false;
    }
  }

  #add(name: keyof Counts, count: number): void {
    if (!this.#isPaused) this.#counts[name] += count;
  }

  #meterStorage(storage: DurableObjectStorage): void {
    const methods = Object.getPrototypeOf(storage) as Methods;
    for (const [name, counted] of Object.entries(BILLED_CALLS)) {
      this.#patch(methods, name, (original) => (self, args) => {
        this.#add(counted, 1);
        return Reflect.apply(original, self, args);
      });
    }
    for (const owner of [methods, Object.getPrototypeOf(storage.kv) as Methods]) {
      for (const name of UNMETERED_CALLS.filter((name) => name in owner)) {
        this.#patch(owner, name, () => () => {
          throw new Error(`the meter cannot count what ${name} costs`);
        });
      }
    }
    const sql = Object.getPrototypeOf(storage.sql) as Methods;
    this.#patch(sql, "exec", (original) => (self, args) => {
      const cursor = Reflect.apply(original, self, args) as SqlStorageCursor<never>;
      this.#note(cursor);
      return cursor;
    });
    this.#meterCursors((storage.sql as unknown as { Cursor: { prototype: Methods } }).Cursor.prototype);
  }

  /** A cursor reads on while its rows are taken: what is never taken is not read, and not billed. */
  #meterCursors(cursors: Methods): void {
    const note = (cursor: unknown) => this.#note(cursor as SqlStorageCursor<never>);
    for (const name of ["next", "one", "toArray"]) {
      this.#patch(cursors, name, (original) => (cursor, args) => {
        try {
          return Reflect.apply(original, cursor, args);
        } finally {
          note(cursor);
        }
      });
    }
    for (const name of ["raw", Symbol.iterator]) {
      this.#patch(
        cursors,
        name,
        (original) =>
          function* (cursor, args) {
            for (const row of Reflect.apply(original, cursor, args) as Iterable<unknown>) {
              note(cursor);
              yield row;
            }
            note(cursor);
          },
      );
    }
  }

  #note(cursor: SqlStorageCursor<never>): void {
    const { rowsRead, rowsWritten } = cursor;
    const seen = this.#seen.get(cursor) ?? { read: 0, written: 0 };
    this.#add("rowsRead", rowsRead - seen.read);
    this.#add("rowsWritten", rowsWritten - seen.written);
    this.#seen.set(cursor, { read: rowsRead, written: rowsWritten });
  }

  #meterObjects(): void {
    for (const { prototype } of objectClasses()) {
      for (const [name, counted] of [
        ["webSocketMessage", "webSocketMessages"],
        ["alarm", "alarms"],
      ] as const) {
        if (!(name in prototype)) continue;
        this.#patch(prototype, name, (original) => (self, args) => {
          this.#add(counted, 1);
          return this.#follow(() => Reflect.apply(original, self, args));
        });
      }
    }
  }

  /** A stub whose calls are counted where they are made: what an object calls of itself is no request. */
  #meteredStub(stub: object): object {
    return new Proxy(stub, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== "function" || name === "constructor") return member;
        return (...args: unknown[]) => {
          this.#add("objectRequests", 1);
          return this.#follow(() => Reflect.apply(member, target, args));
        };
      },
    });
  }

  #follow(call: () => unknown): unknown {
    this.#underWay++;
    const over = () => {
      this.#underWay--;
    };
    const answer = call();
    if (answer instanceof Promise) answer.then(over, over);
    else over();
    return answer;
  }

  #patch<M extends Methods>(
    owner: M,
    name: string | symbol,
    replace: (original: Method) => (self: unknown, args: unknown[]) => unknown,
  ): void {
    const original = owner[name] as Method;
    const replaced = replace(original);
    const isOwn = Object.hasOwn(owner, name);
    const value = function (this: unknown, ...args: unknown[]) {
      return replaced(this, args);
    };
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    this.#undo.push(() => {
      if (isOwn) Object.defineProperty(owner, name, { value: original, configurable: true, writable: true });
      else Reflect.deleteProperty(owner, name);
    });
  }
}

/** The classes of all objects that the Worker has. */
function objectClasses(): { prototype: Methods }[] {
  return Object.values(main).filter(
    (each) => typeof each === "function" && each.prototype instanceof DurableObject,
  ) as unknown as { prototype: Methods }[];
}

function zero(): Record<keyof Counts, number> {
  return Object.fromEntries(COUNTED.map((name) => [name, 0])) as Record<keyof Counts, number>;
}
