// Every point where the broker can meet a failure: the calls between its objects, and what they ask of their storage. What stands
// in src and not here fails test/structure/fault-points.test.ts.

/**
 * What may become of a call: it is never carried out; it is, but the answer is lost; it is carried out, or answered, later
 * than others that followed it; it is carried out twice, the second time at once or much later.
 */
export type CallFault = "lost" | "unanswered" | "slow" | "repeated";

/** Which run meets a point: random sequences against the model, a channel that goes with its consumers, or questions over HTTP. */
export type RunKind = "model" | "ephemeral" | "lookup";

export interface CallPoint {
  readonly from: "Worker" | "Topic" | "Channel" | "Lookup";
  readonly to: "Topic" | "Channel" | "Lookup";
  readonly method: string;
  readonly run: RunKind;
  /** What leads there, to be done often. */
  readonly often?: readonly string[];
  readonly faults: readonly CallFault[];
  /** Whether it may be repeated much later, too: what is said does not depend on the moment, or names a life of its channel. */
  readonly isTimeless?: boolean;
}

const ALL: readonly CallFault[] = ["lost", "unanswered", "slow", "repeated"];
/** Two publishes are two messages, and the platform carries none out twice by itself (automatic retries are told apart). */
const ONCE: readonly CallFault[] = ["lost", "unanswered", "slow"];
const timeless = { run: "model", faults: ALL, isTimeless: true } as const;
const model = { run: "model", faults: ALL } as const;
const ephemeral = { run: "ephemeral", faults: ALL, isTimeless: true } as const;
const lookup = { run: "lookup", faults: ["lost", "unanswered", "repeated"] } as const;

export const CALLS: readonly CallPoint[] = [
  { from: "Worker", to: "Topic", method: "publish", often: ["publish"], run: "model", faults: ONCE },
  { from: "Worker", to: "Topic", method: "create", often: ["create topic"], ...model },
  { from: "Worker", to: "Topic", method: "remove", often: ["delete topic"], ...model },
  { from: "Worker", to: "Topic", method: "empty", often: ["empty topic"], ...model },
  { from: "Worker", to: "Topic", method: "setPaused", often: ["pause topic"], ...model },
  { from: "Worker", to: "Topic", method: "createChannel", often: ["create channel"], ...model },
  { from: "Worker", to: "Topic", method: "removeChannel", often: ["delete channel"], ...model },
  { from: "Worker", to: "Topic", method: "emptyChannel", often: ["empty channel"], ...model },
  { from: "Worker", to: "Topic", method: "setChannelPaused", often: ["pause channel"], ...model },
  { from: "Worker", to: "Topic", method: "stats", often: ["look"], ...timeless },
  { from: "Worker", to: "Topic", method: "look", often: ["look"], ...timeless },
  { from: "Worker", to: "Topic", method: "body", often: ["look"], ...timeless },
  { from: "Worker", to: "Topic", method: "intervene", often: ["intervene"], ...model },
  { from: "Worker", to: "Topic", method: "fetch", often: ["publish"], run: "model", faults: ["lost", "slow"] },
  { from: "Worker", to: "Channel", method: "fetch", often: ["connect"], run: "model", faults: ["lost", "slow"] },

  { from: "Topic", to: "Topic", method: "publish", often: ["publish"], run: "model", faults: ONCE },
  { from: "Topic", to: "Topic", method: "create", often: ["publish wrongly"], ...model },
  { from: "Topic", to: "Channel", method: "push", often: ["publish", "rdy", "kill topic"], ...timeless },
  { from: "Topic", to: "Channel", method: "setPaused", often: ["pause channel"], ...model },
  { from: "Topic", to: "Channel", method: "empty", often: ["empty channel"], ...model },
  { from: "Topic", to: "Channel", method: "remove", often: ["delete channel", "connect"], ...timeless },
  { from: "Topic", to: "Channel", method: "stats", often: ["look"], ...timeless },
  { from: "Topic", to: "Channel", method: "look", often: ["look"], ...timeless },
  { from: "Topic", to: "Channel", method: "body", often: ["look"], ...timeless },
  { from: "Topic", to: "Channel", method: "intervene", often: ["intervene"], ...model },
  { from: "Topic", to: "Channel", method: "isDeserted", ...ephemeral },
  { from: "Topic", to: "Lookup", method: "announce", often: ["create channel"], ...model },
  { from: "Topic", to: "Lookup", method: "withdraw", often: ["delete topic"], ...model },

  { from: "Topic", to: "Lookup", method: "mark", often: ["publish", "scrape"], ...timeless },

  { from: "Channel", to: "Topic", method: "publish", often: ["publish"], run: "model", faults: ONCE },
  { from: "Channel", to: "Topic", method: "create", often: ["publish wrongly"], ...model },
  { from: "Channel", to: "Topic", method: "openChannel", often: ["connect"], ...model },
  { from: "Channel", to: "Topic", method: "pull", often: ["connect", "publish"], ...timeless },
  { from: "Channel", to: "Topic", method: "frames", often: ["connect", "crash", "publish"], ...timeless },
  { from: "Channel", to: "Topic", method: "clientsChanged", often: ["connect", "rdy"], ...timeless },
  { from: "Channel", to: "Topic", method: "report", ...ephemeral },
  { from: "Channel", to: "Topic", method: "leave", ...ephemeral },

  { from: "Lookup", to: "Topic", method: "figures", often: ["scrape"], ...timeless },
  { from: "Worker", to: "Lookup", method: "scrape", often: ["scrape"], ...timeless },

  { from: "Worker", to: "Lookup", method: "fetch", run: "lookup", faults: ["lost"] },
  { from: "Worker", to: "Lookup", method: "ownTopics", ...lookup },
  { from: "Worker", to: "Lookup", method: "lookup", ...lookup },
  { from: "Worker", to: "Lookup", method: "topicsAsJson", ...lookup },
  { from: "Worker", to: "Lookup", method: "channels", ...lookup },
  { from: "Worker", to: "Lookup", method: "channelsOf", ...lookup },
  { from: "Worker", to: "Lookup", method: "nodes", ...lookup },
  { from: "Worker", to: "Lookup", method: "debug", ...lookup },
  { from: "Worker", to: "Lookup", method: "createTopic", ...lookup },
  { from: "Worker", to: "Lookup", method: "createChannel", ...lookup },
  { from: "Worker", to: "Lookup", method: "deleteTopic", ...lookup },
  { from: "Worker", to: "Lookup", method: "deleteChannel", ...lookup },
  { from: "Worker", to: "Lookup", method: "tombstone", ...lookup },
  { from: "Worker", to: "Lookup", method: "recordAction", ...lookup },
  { from: "Worker", to: "Lookup", method: "settleAction", ...lookup },
  { from: "Worker", to: "Lookup", method: "auditPage", ...lookup },
  // Asked once in the life of an isolate; when that fails, /info and /stats say now.
  { from: "Worker", to: "Lookup", method: "startTime", run: "lookup", faults: [] },
  { from: "Worker", to: "Lookup", method: "logLevel", ...lookup },
  { from: "Worker", to: "Lookup", method: "setLogLevel", ...lookup },
];

export interface StoragePoint {
  readonly of: "Topic" | "Channel" | "Lookup";
  readonly what: string;
  /** The statements that fail, or the method of the storage. */
  readonly fails: RegExp | "setAlarm" | "deleteAll";
  readonly run: RunKind;
  readonly often?: readonly string[];
  /** How likely it fails: less where each failure makes somebody wait, more where it is met seldom. */
  readonly percent?: number;
}

export const STORAGE: readonly StoragePoint[] = [
  {
    of: "Topic",
    what: "tables",
    fails: /^CREATE (TABLE|INDEX) IF NOT EXISTS (topic \(\s+id|log)/,
    run: "model",
    often: ["delete topic", "publish"],
  },
  {
    of: "Topic",
    what: "the mark of its version, or of another object's",
    fails: /^(CREATE|DROP) VIEW /,
    run: "model",
    often: ["delete topic", "publish", "connect"],
  },
  { of: "Topic", what: "a new row of the log", fails: /^INSERT INTO log /, run: "model", often: ["publish"] },
  {
    of: "Topic",
    what: "overwriting a row of the log",
    fails: /^UPDATE log /,
    run: "model",
    often: ["publish", "connect", "finish"],
  },
  {
    of: "Topic",
    what: "trimming the log",
    percent: 80,
    fails: /^DELETE FROM log /,
    run: "model",
    often: ["work off", "advance"],
  },
  {
    of: "Topic",
    what: "its state",
    fails: /^INSERT OR REPLACE INTO topic /,
    run: "model",
    often: ["pause topic", "create channel", "delete channel"],
  },
  {
    of: "Topic",
    what: "reading the log",
    percent: 10,
    fails: /^(SELECT .*|WITH RECURSIVE .*) FROM log/s,
    run: "model",
    often: ["publish", "connect", "crash", "evict topic"],
  },
  {
    of: "Topic",
    what: "reading its state",
    fails: /^SELECT state FROM topic/,
    run: "model",
    often: ["evict topic", "publish"],
  },
  {
    of: "Topic",
    what: "its alarm, or a channel's",
    fails: "setAlarm",
    run: "model",
    often: ["delete channel", "defer"],
  },
  {
    of: "Topic",
    what: "its end, or a channel's",
    fails: "deleteAll",
    run: "model",
    often: ["delete topic", "delete channel"],
  },
  {
    of: "Channel",
    what: "tables",
    fails: /^(CREATE (TABLE|INDEX) IF NOT EXISTS (state|held)|DROP TABLE held)/,
    run: "model",
    often: ["connect", "delete channel", "empty channel"],
  },
  {
    of: "Channel",
    what: "its state",
    fails: /^INSERT OR REPLACE INTO state /,
    run: "model",
    often: ["pause channel", "requeue", "crash"],
  },
  {
    of: "Channel",
    what: "holding a message",
    fails: /^INSERT INTO held(_page)? /,
    run: "model",
    often: ["defer", "publish", "crash"],
  },
  {
    of: "Channel",
    what: "letting a held message go",
    fails: /^DELETE FROM held(_page)? /,
    run: "model",
    often: ["publish deferred", "connect", "advance", "finish"],
  },
  {
    of: "Channel",
    what: "reading what is held",
    fails: /^SELECT .* FROM held/s,
    run: "model",
    often: ["defer", "advance"],
  },
  {
    of: "Channel",
    what: "reading its state",
    fails: /^SELECT bytes FROM state/,
    run: "model",
    often: ["evict channel", "connect"],
  },
  {
    of: "Lookup",
    what: "tables",
    fails: /^CREATE (TABLE|INDEX) IF NOT EXISTS (own_topic|topic \(name|channel|registration|broker|audit|figures)/,
    run: "lookup",
  },
  {
    of: "Lookup",
    what: "what it writes",
    fails:
      /^(INSERT OR IGNORE|INSERT OR REPLACE INTO (own_topic|audit)|UPDATE (own_topic|registration|audit)|DELETE FROM (own_topic|registration|topic|channel))/,
    run: "lookup",
  },
  {
    of: "Lookup",
    what: "figures",
    percent: 80,
    fails: /^(INSERT OR REPLACE INTO|UPDATE|DELETE FROM) figures /,
    run: "model",
    often: ["scrape", "publish"],
  },
];

/** What the errors say that tests inject: nobody outside may ever read it. */
export const INJECTED = "injected by a test";
