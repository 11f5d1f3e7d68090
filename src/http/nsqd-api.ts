// nsqd's HTTP API (spec 3.2, nsqd/http.go).

import { may, NOTHING } from "../auth/need.ts";
import type { DocumentedRoute } from "./documented.ts";
import { getConfig, info, ping, putConfig } from "./info.ts";
import { metrics } from "./metrics.ts";
import * as docs from "./nsqd-docs.ts";
import { noPprof, pprofRoutes } from "./pprof.ts";
import { mpub, pub } from "./publish.ts";
import { stats } from "./stats.ts";
import {
  createChannel,
  createTopic,
  deleteChannel,
  deleteTopic,
  emptyChannel,
  emptyTopic,
  pauseChannel,
  pauseTopic,
  unpauseChannel,
  unpauseTopic,
} from "./topics.ts";

/** What is asked for most stands first. */
// biome-ignore format: a route a line
export const nsqdRoutes: readonly DocumentedRoute[] = [
  { method: "POST", path: "/pub", need: may("publish", "topic"), creates: true, handler: pub, doc: docs.pub },
  { method: "POST", path: "/mpub", need: may("publish", "topic"), creates: true, handler: mpub, doc: docs.mpub },
  { method: "GET", path: "/ping", need: NOTHING, handler: ping, doc: docs.ping },
  { method: "GET", path: "/info", need: may("read", "anything"), handler: info, doc: docs.info },
  { method: "GET", path: "/stats", need: may("read", "named"), handler: stats, doc: docs.stats },
  { method: "GET", path: "/metrics", need: may("read", "everything"), handler: metrics, doc: docs.metrics },
  { method: "POST", path: "/topic/create", need: may("admin", "topic"), creates: true, handler: createTopic, doc: docs.createTopic },
  { method: "POST", path: "/topic/delete", need: may("admin", "topic"), handler: deleteTopic, doc: docs.deleteTopic },
  { method: "POST", path: "/topic/empty", need: may("admin", "topic"), handler: emptyTopic, doc: docs.emptyTopic },
  { method: "POST", path: "/topic/pause", need: may("admin", "topic"), handler: pauseTopic, doc: docs.pauseTopic },
  { method: "POST", path: "/topic/unpause", need: may("admin", "topic"), handler: unpauseTopic, doc: docs.unpauseTopic },
  { method: "POST", path: "/channel/create", need: may("admin", "channel"), creates: true, handler: createChannel, doc: docs.createChannel },
  { method: "POST", path: "/channel/delete", need: may("admin", "channel"), handler: deleteChannel, doc: docs.deleteChannel },
  { method: "POST", path: "/channel/empty", need: may("admin", "channel"), handler: emptyChannel, doc: docs.emptyChannel },
  { method: "POST", path: "/channel/pause", need: may("admin", "channel"), handler: pauseChannel, doc: docs.pauseChannel },
  { method: "POST", path: "/channel/unpause", need: may("admin", "channel"), handler: unpauseChannel, doc: docs.unpauseChannel },
  { method: "GET", path: "/config/:param", need: may("admin", "everything"), handler: getConfig, doc: docs.getConfig },
  { method: "PUT", path: "/config/:param", need: may("admin", "everything"), handler: putConfig, doc: docs.putConfig },
  ...pprofRoutes("/debug/pprof/"),
  { method: "PUT", path: "/debug/setblockrate", need: may("admin", "everything"), handler: noPprof, doc: docs.pprof },
  { method: "POST", path: "/debug/freememory", need: may("admin", "everything"), handler: noPprof, doc: docs.pprof },
];
