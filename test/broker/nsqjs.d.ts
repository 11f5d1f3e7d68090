/** What the tests use of nsqjs, which comes without types. */
declare module "nsqjs" {
  import type { EventEmitter } from "node:events";

  interface ConnectionOptions {
    authSecret?: string;
    deflate?: boolean;
    snappy?: boolean;
    /** ms */
    messageTimeout?: number;
  }

  interface ReaderOptions extends ConnectionOptions {
    /** `host:port` */
    nsqdTCPAddresses?: string[];
    /** `host:port` */
    lookupdHTTPAddresses?: string[];
    /** s */
    lookupdPollInterval?: number;
    /** A part of the interval. */
    lookupdPollJitter?: number;
    maxInFlight?: number;
  }

  interface Message {
    readonly id: string;
    readonly attempts: number;
    readonly body: Buffer;
    finish(): void;
    /** @param delay in ms */
    requeue(delay: number, backoff: boolean): void;
    touch(): void;
  }

  type Published = (error: Error | null) => void;

  class Writer extends EventEmitter<{ ready: []; closed: []; error: [Error] }> {
    constructor(host: string, port: number, options?: ConnectionOptions);
    connect(): void;
    close(): void;
    publish(topic: string, messages: string | string[], published: Published): void;
    /** @param message in a list: the only form that works */
    deferPublish(topic: string, message: [string], ms: number, published: Published): void;
  }

  interface ReaderEvents {
    ready: [];
    not_ready: [];
    message: [Message];
    error: [Error];
    nsqd_closed: [host: string, port: number];
  }

  class Reader extends EventEmitter<ReaderEvents> {
    constructor(topic: string, channel: string, options: ReaderOptions);
    connect(): void;
    close(): void;
  }
}
