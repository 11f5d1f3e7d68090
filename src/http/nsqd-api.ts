// nsqd's HTTP API (spec 3.2, nsqd/http.go).

import { may, NOTHING } from "../auth/need.ts";
import { getConfig, info, ping, putConfig } from "./info.ts";
import { noPprof, pprofRoutes } from "./pprof.ts";
import { mpub, pub } from "./publish.ts";
import type { Route } from "./router.ts";
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
export const nsqdRoutes: readonly Route[] = [
  { method: "POST", path: "/pub", need: may("publish", "topic"), creates: true, handler: pub },
  { method: "POST", path: "/mpub", need: may("publish", "topic"), creates: true, handler: mpub },
  { method: "GET", path: "/ping", need: NOTHING, handler: ping },
  { method: "GET", path: "/info", need: may("read", "anything"), handler: info },
  { method: "GET", path: "/stats", need: may("read", "named"), handler: stats },
  { method: "POST", path: "/topic/create", need: may("admin", "topic"), creates: true, handler: createTopic },
  { method: "POST", path: "/topic/delete", need: may("admin", "topic"), handler: deleteTopic },
  { method: "POST", path: "/topic/empty", need: may("admin", "topic"), handler: emptyTopic },
  { method: "POST", path: "/topic/pause", need: may("admin", "topic"), handler: pauseTopic },
  { method: "POST", path: "/topic/unpause", need: may("admin", "topic"), handler: unpauseTopic },
  { method: "POST", path: "/channel/create", need: may("admin", "channel"), creates: true, handler: createChannel },
  { method: "POST", path: "/channel/delete", need: may("admin", "channel"), handler: deleteChannel },
  { method: "POST", path: "/channel/empty", need: may("admin", "channel"), handler: emptyChannel },
  { method: "POST", path: "/channel/pause", need: may("admin", "channel"), handler: pauseChannel },
  { method: "POST", path: "/channel/unpause", need: may("admin", "channel"), handler: unpauseChannel },
  { method: "GET", path: "/config/:param", need: may("admin", "everything"), handler: getConfig },
  { method: "PUT", path: "/config/:param", need: may("admin", "everything"), handler: putConfig },
  ...pprofRoutes("/debug/pprof/"),
  { method: "PUT", path: "/debug/setblockrate", need: may("admin", "everything"), handler: noPprof },
  { method: "POST", path: "/debug/freememory", need: may("admin", "everything"), handler: noPprof },
];
