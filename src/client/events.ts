// Events with names and types. A listener that throws is not the business of whoever emits: its error is reported as uncaught.

export type Unsubscribe = () => void;

export class Events<E extends object> {
  readonly #listeners = new Map<keyof E, Set<(event: never) => void>>();

  on<N extends keyof E>(name: N, listener: (event: E[N]) => void): Unsubscribe {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit<N extends keyof E>(name: N, event: E[N]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (event: E[N]) => void)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
