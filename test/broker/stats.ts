// What /stats says of one channel.

export interface ClientStats {
  readonly remote_address: string;
  readonly deflate: boolean;
  readonly snappy: boolean;
  readonly ready_count: number;
  readonly in_flight_count: number;
  readonly authed?: true;
  readonly auth_identity?: string;
}

interface StatsBody {
  readonly topics: readonly { readonly channels: readonly ChannelStats[] }[] | null;
}

export interface ChannelStats {
  readonly channel_name: string;
  readonly depth: number;
  readonly in_flight_count: number;
  readonly deferred_count: number;
  readonly message_count: number;
  readonly requeue_count: number;
  readonly timeout_count: number;
  readonly client_count: number;
  readonly paused: boolean;
  readonly clients: readonly ClientStats[];
}

/** Null when there is no such channel. */
export async function channelStats(
  http: string,
  topic: string,
  channel: string,
  headers: Record<string, string> = {},
): Promise<ChannelStats | null> {
  const query = new URLSearchParams({ format: "json", include_mem: "false", topic, channel });
  const response = await fetch(`${http}/stats?${query}`, { headers });
  const { topics } = (await response.json()) as StatsBody;
  return topics?.[0]?.channels[0] ?? null;
}
