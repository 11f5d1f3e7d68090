// What the load process is asked to do, and what it answers. Everything can be sent as JSON.

/** Where a connection goes, and what is said there first. */
export interface Endpoint {
  /** `tcp://host:port` or `ws://host:port/path` */
  readonly url: string;
  /** Byte strings that are sent first, each as a message of its own. */
  readonly greeting: readonly string[];
  /** How many of them are answered OK. */
  readonly replies: number;
}

/** A command to be repeated, or for a floor, which parses nothing, a message frame in its place. */
export type CommandSpec =
  | { readonly kind: "pub"; readonly topic: string; readonly size: number }
  | { readonly kind: "mpub"; readonly topic: string; readonly size: number; readonly count: number }
  | { readonly kind: "message"; readonly size: number };

export interface ProducerSpec {
  readonly endpoint: Endpoint;
  readonly command: CommandSpec;
  /** Commands that go out together, as one WebSocket message or one write. */
  readonly perWrite: number;
  /** Commands that may be unanswered. */
  readonly open: number;
}

export interface ConsumerSpec {
  readonly endpoint: Endpoint;
  readonly rdy: number;
}

/** How long something goes on. */
export type Extent = { readonly seconds: number } | { readonly messages: number };

/** Requests as fast as they are answered. Value: requests/s. */
export interface HttpTask {
  readonly kind: "http";
  /** `http://host:port/path` */
  readonly url: string;
  /** Bytes of the body. */
  readonly size: number;
  /** Makes the body so many lines of `size` bytes. */
  readonly lines: number;
  readonly connections: number;
  readonly seconds: number;
}

/** Value: messages/s that were answered. */
export interface PublishTask {
  readonly kind: "publish";
  readonly producers: readonly ProducerSpec[];
  readonly extent: Extent;
}

/** Finishes what waits. Value: messages/s. */
export interface ConsumeTask {
  readonly kind: "consume";
  readonly consumers: readonly ConsumerSpec[];
  readonly messages: number;
}

/** Publishes, and consumes it all. Value: messages/s that were consumed. */
export interface FlowTask {
  readonly kind: "flow";
  readonly producers: readonly ProducerSpec[];
  readonly consumers: readonly ConsumerSpec[];
  /** How many consumers get each message. */
  readonly copies: number;
  readonly extent: Extent;
}

/** Publishes at a steady pace. Values: `p50` and `p99` of the time from when a message was to be published to when it came, ms. */
export interface LatencyTask {
  readonly kind: "latency";
  readonly producer: Omit<ProducerSpec, "perWrite" | "open">;
  readonly consumer: ConsumerSpec;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Publishes deferred messages that fall due together. Value: messages/s that came from then on. */
export interface DeferredTask {
  readonly kind: "deferred";
  readonly producer: Endpoint;
  readonly topic: string;
  readonly consumer: ConsumerSpec;
  readonly size: number;
  readonly messages: number;
  /** How long the publishing may take before they fall due, ms. */
  readonly delayMs: number;
}

export type Task = (HttpTask | PublishTask | ConsumeTask | FlowTask | LatencyTask | DeferredTask) & {
  /** The process whose CPU time is of interest. */
  readonly server: number;
};

export type Of<K extends Task["kind"]> = Extract<Task, { readonly kind: K }>;

export interface Measured {
  /** `value` for a single one. */
  readonly values: Readonly<Record<string, number>>;
  /** What share of one CPU the load process took meanwhile, */
  readonly load: number;
  /** and what share the server took; 0 where nobody knows. */
  readonly serverShare: number;
}

export type Answer = { readonly measured: Measured } | { readonly error: string };
