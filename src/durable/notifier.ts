// Tells another server of each action of an administrator (spec 6.5, nsqadmin/notify.go): one after the other, and each once.

import type { SettledAction } from "../storage/audit-trail.ts";

const TIMEOUT_MS = 5_000;
/** So many wait for a server that is slow. */
const MAX_WAITING = 1_000;
/** Of these nsqadmin tells also when they failed. */
const TOLD_ANYWAY = /^(pause|unpause|empty)_/;

export class Notifier {
  readonly #endpoint: string;
  readonly #log: (what: string, error: unknown) => void;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param endpoint the URL that takes them; nobody is told when it is empty */
  constructor(endpoint: string, log: (what: string, error: unknown) => void) {
    this.#endpoint = endpoint;
    this.#log = log;
  }

  /** Does not wait until it is told. */
  tell(action: SettledAction): void {
    if (this.#endpoint === "" || !(isDone(action) || TOLD_ANYWAY.test(action.action))) return;
    if (this.#waiting === MAX_WAITING) {
      this.#log(`the endpoint of notifications is not told of action ${action.id}`, `${MAX_WAITING} wait before it`);
      return;
    }
    this.#waiting++;
    this.#last = this.#last.then(async () => {
      await this.#post(JSON.stringify(notification(action)));
      this.#waiting--;
    });
  }

  async #post(body: string): Promise<void> {
    try {
      const headers = { "Content-Type": "application/json" };
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(this.#endpoint, { method: "POST", headers, body, signal, redirect: "manual" });
      await response.body?.cancel();
      if (response.status >= 300) this.#log("a notification was refused", response.status);
    } catch (error) {
      this.#log("a notification did not arrive", error);
    }
  }
}

/** A warning says that some of it is done. */
function isDone({ outcome }: SettledAction): boolean {
  return outcome === "done" || outcome.startsWith("WARNING: ");
}

/** Keys and their order are nsqadmin's; what is empty is left out. `via` is where the broker was called. */
function notification(settled: SettledAction): object {
  const { action, topic, channel, node, timestamp, user, remote_ip, user_agent, url } = settled;
  return {
    action,
    topic,
    channel: channel || undefined,
    node: node || undefined,
    timestamp,
    user: user || undefined,
    remote_ip,
    user_agent,
    url,
    via: URL.parse(url)?.hostname ?? "",
  };
}
