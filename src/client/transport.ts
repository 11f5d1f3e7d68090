// What carries the byte stream of a connection. Messages of a transport are slices of one stream, both ways.

export interface LinkEvents {
  data(bytes: Uint8Array): void;
  /** The link is gone; once, and nothing follows. Not called after `close`. */
  closed(error?: unknown): void;
}

export interface Link {
  send(bytes: Uint8Array): void;
  /** What was sent before still goes out. */
  close(): void;
  /**
   * Goes on in another form; resolves when it does. `rest` came already and belongs to that form. Where a transport lacks it,
   * IDENTIFY does not ask for it.
   */
  readonly upgrade?: (
    form: "tls" | "deflate",
    rest: Uint8Array,
    options: { readonly deflateLevel: number },
  ) => Promise<void>;
}

/** What a lookup says of one that produces a topic (spec 5.4). */
export interface LookupProducer {
  readonly broadcast_address: string;
  readonly tcp_port: number;
  readonly http_port: number;
  readonly hostname: string;
  readonly version: string;
}

export interface Transport {
  /** Where a producer that a lookup has told of is reached. */
  addressOf(producer: LookupProducer, lookup: URL): string;
  /**
   * Rejects when the address cannot be reached; gives up when the signal says so.
   * @param secret supplies the secret, "" for none, to a transport that shows it while it connects; AUTH follows where it is asked for
   */
  open(address: string, events: LinkEvents, signal: AbortSignal, secret: () => Promise<string>): Promise<Link>;
  /** Whether its links can be encrypted or compressed after IDENTIFY. */
  readonly upgrades: boolean;
}
