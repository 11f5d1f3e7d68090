/** Where this broker differs from nsqd on purpose: scenarios by name, with the reason as it stands in README. */
export const DIFFERENCES: Readonly<Record<string, string>> = {
  "timing/dpub-timer-starts-at-channel": "a delay counts from the publish, not from the moment a channel appears",
  "timing/repeated-identify-msg-timeout": "the last IDENTIFY counts, for deliveries too",
  "features/buffer-holds-back": "messages are never held back to fill a buffer",
  "features/buffer-timer-off": "messages are never held back to fill a buffer",
  "delivery/rdy-wraps": "numbers beyond 64 bits do not wrap around",
  "delivery/req-overflow": "numbers beyond 64 bits do not wrap around",
  "publish/dpub-delay-wraps": "numbers beyond 64 bits do not wrap around",
  "publish/mpub-size-too-small": "the size of an MPUB must be true",
  "publish/mpub-size-too-large": "the size of an MPUB must be true",
  "http-misc/config-get-max-bytes-per-file": "an option that cannot apply here is no option",
  "http-misc/config-get-tls-required": "an option that cannot apply here is no option",
  "http-misc/config-get-tls-min-version": "an option that cannot apply here is no option",
  "http-misc/config-get-auth-http-addresses": "an option that cannot apply here is no option",
  "http-misc/config-get-statsd-interval": "an option that cannot apply here is no option",
  "lookup-tcp/magic-bad": "one TCP port speaks both protocols: the magic of the other is none to refuse",
  "lookup-tcp/magic-bad-bytes": "one TCP port speaks both protocols: a wrong magic is refused as nsqd does",
  "lookup-http/lookup-wildcard": "a name is a name: * finds and deletes nothing",
  "cluster/topic-delete-names-stay": "a topic that is deleted here is gone from the look-ups, too",
  "cluster/channel-delete": "a channel that is deleted here is gone from the look-ups, too",
  "http-misc/debug-freememory": "what Go's runtime would do is answered with 501 and what to use instead",
};

const NOT_COMPRESSED =
  "nothing is compressed on the direct paths: a compressed stream cannot be kept while its object sleeps";

/** Where the direct paths, /v2?topic= and /v2?topic=&channel=, differ besides. */
export const DIRECT_DIFFERENCES: Readonly<Record<string, string>> = {
  "features/deflate-large": NOT_COMPRESSED,
  "features/deflate-in-stats": NOT_COMPRESSED,
  "features/deflate-many-flushes": NOT_COMPRESSED,
  "features/snappy-publish": NOT_COMPRESSED,
  "features/snappy-consume": NOT_COMPRESSED,
  "features/snappy-large": NOT_COMPRESSED,
  "features/snappy-in-stats": NOT_COMPRESSED,
  "features/snappy-split": NOT_COMPRESSED,
};
