// Where the broker is, as the bridge tells it: in look-ups the broker's own entry has the bridge's address. Producers elsewhere stay
// as they are.

/** Where the bridge is found. */
export interface Advertised {
  readonly host: string;
  readonly tcpPort: number;
  readonly httpPort: number;
}

/** An entry of /lookup and /nodes; in /debug `remote_address` is `id`. */
interface Producer {
  readonly remote_address?: string;
  readonly id?: string;
  readonly broadcast_address: string;
  readonly http_port: number;
}

/** An answer of /lookup, /nodes or /debug with the bridge in the broker's place. What has another form is left as it is. */
export function withOwnNode(answer: unknown, address: Advertised): unknown {
  if (!isRecord(answer)) return answer;
  const entries = Object.entries(answer).map(([key, value]) => [key, withFirst(value, address)]);
  return Object.fromEntries(entries);
}

/** `broadcast_address:http_port` of the broker in an answer of /lookup; null when it is not there. */
export function ownNodeOf(answer: unknown): string | null {
  const producers = isRecord(answer) ? answer.producers : null;
  const first: unknown = Array.isArray(producers) ? producers[0] : null;
  return isOwn(first) ? nodeOf(first) : null;
}

/** Whether a node that is named, `broadcast_address:http_port`, is the bridge; Go puts brackets around IPv6. */
export function isNode(node: string, { host, httpPort }: Advertised): boolean {
  return node === `${host}:${httpPort}` || node === `[${host}]:${httpPort}`;
}

/** The broker tells of itself first. */
function withFirst(list: unknown, { host, tcpPort, httpPort }: Advertised): unknown {
  const first: unknown = Array.isArray(list) ? list[0] : null;
  if (!isOwn(first)) return list;
  const node = `${host}:${httpPort}`;
  const own = {
    ...first,
    ...(first.id === undefined ? { remote_address: node } : { id: node }),
    hostname: host,
    broadcast_address: host,
    tcp_port: tcpPort,
    http_port: httpPort,
  };
  return [own, ...(list as unknown[]).slice(1)];
}

/**
 * The broker has no connection to itself, so in place of its remote end it tells where it listens. Anybody else's is the far end of a
 * connection, and its port none that he listens on.
 */
function isOwn(value: unknown): value is Producer {
  if (!isRecord(value)) return false;
  const producer = value as unknown as Producer;
  return (producer.remote_address ?? producer.id) === nodeOf(producer);
}

function nodeOf({ broadcast_address, http_port }: Producer): string {
  return `${broadcast_address}:${http_port}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
