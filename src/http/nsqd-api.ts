// nsqd's HTTP API (spec 3.2, nsqd/http.go).

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
  { method: "POST", path: "/pub", handler: pub },
  { method: "POST", path: "/mpub", handler: mpub },
  { method: "GET", path: "/ping", handler: ping },
  { method: "GET", path: "/info", handler: info },
  { method: "GET", path: "/stats", handler: stats },
  { method: "POST", path: "/topic/create", handler: createTopic },
  { method: "POST", path: "/topic/delete", handler: deleteTopic },
  { method: "POST", path: "/topic/empty", handler: emptyTopic },
  { method: "POST", path: "/topic/pause", handler: pauseTopic },
  { method: "POST", path: "/topic/unpause", handler: unpauseTopic },
  { method: "POST", path: "/channel/create", handler: createChannel },
  { method: "POST", path: "/channel/delete", handler: deleteChannel },
  { method: "POST", path: "/channel/empty", handler: emptyChannel },
  { method: "POST", path: "/channel/pause", handler: pauseChannel },
  { method: "POST", path: "/channel/unpause", handler: unpauseChannel },
  { method: "GET", path: "/config/:param", handler: getConfig },
  { method: "PUT", path: "/config/:param", handler: putConfig },
  ...pprofRoutes("/debug/pprof/"),
  { method: "PUT", path: "/debug/setblockrate", handler: noPprof },
  { method: "POST", path: "/debug/freememory", handler: noPprof },
];
