// What Cloudflare bills for, and its list prices on the paid plan beyond what is included in a month.

/** What was used of each thing that has a price by number. */
export interface Counts {
  readonly rowsWritten: number;
  readonly rowsRead: number;
  /** Calls of an object's methods and upgrades to WebSocket: `fetch` and RPC on its stub. */
  readonly objectRequests: number;
  /** What came to objects over WebSockets. What goes out is free. */
  readonly webSocketMessages: number;
  /** Alarms that ran, each of which is a request to its object. */
  readonly alarms: number;
  /** HTTP requests and upgrades to WebSocket. What comes over a WebSocket to the Worker itself is free. */
  readonly workerRequests: number;
}

export const COUNTED = [
  "rowsWritten",
  "rowsRead",
  "objectRequests",
  "webSocketMessages",
  "alarms",
  "workerRequests",
] as const satisfies readonly (keyof Counts)[];

const OBJECTS = "https://developers.cloudflare.com/durable-objects/platform/pricing/";
const WORKERS = "https://developers.cloudflare.com/workers/platform/pricing/";
const QUEUES = "https://developers.cloudflare.com/queues/platform/pricing/";

/** Dollars for a million, and the page that says so. */
export const PRICES = {
  rowsWritten: { dollars: 1, source: OBJECTS },
  rowsRead: { dollars: 0.001, source: OBJECTS },
  objectRequests: { dollars: 0.15, source: OBJECTS },
  /** Twenty of them count as one request. */
  webSocketMessages: { dollars: 0.15 / 20, source: OBJECTS },
  alarms: { dollars: 0.15, source: OBJECTS },
  workerRequests: { dollars: 0.3, source: WORKERS },
  /** Milliseconds of the Worker's CPU. */
  workerCpu: { dollars: 0.02, source: WORKERS },
  /** Seconds that an object is awake: $12.50 for a million GB-s, and an object counts as 128 MB. */
  objectSeconds: { dollars: 12.5 * 0.128, source: OBJECTS },
  /** Operations of Cloudflare Queues, each up to 64 KB. */
  queueOperations: { dollars: 0.4, source: QUEUES },
} as const;

/** Dollars for a GB that is stored for a month. */
export const STORED_GB_MONTH = { dollars: 0.2, source: OBJECTS } as const;

/** What a million messages cost with Cloudflare Queues: each is written, read and deleted. */
export const QUEUES_DOLLARS = 3 * PRICES.queueOperations.dollars;

export function dollars(counts: Counts): number {
  return COUNTED.reduce((sum, name) => sum + (counts[name] * PRICES[name].dollars) / 1e6, 0);
}
