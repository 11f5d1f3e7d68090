// What the document says of the doors, which are no routes: a GET that asks for a WebSocket. What is spoken then, OpenAPI cannot say.

import { maybe, NAME, type Param, type RouteDoc } from "./documented.ts";

export interface Door {
  readonly path: string;
  /** What it takes to come in, in words: it depends on what the call names. */
  readonly need: string;
  readonly doc: Omit<RouteDoc, "answers">;
}

const names: readonly Param[] = [
  maybe("topic", NAME, "orders", "Straight to this topic.", [400, "INVALID_ARG_TOPIC"]),
  maybe("channel", NAME, "billing", "Straight to this channel of it.", [400, "INVALID_ARG_CHANNEL"]),
];

export const doors: readonly Door[] = [
  {
    path: "/v2",
    need: "publish for `topic`, subscribe for `topic` and `channel`; with neither who comes may say in AUTH who he is",
    doc: {
      summary: "V2, the protocol of nsqd, over WebSocket",
      params: names,
      errors: { 400: ["MISSING_ARG_TOPIC", "AUTHORIZATIONS_TOO_LONG"] },
    },
  },
  {
    path: "/v1",
    need: "admin for everything",
    doc: { summary: "V1, the protocol of nsqlookupd, over WebSocket" },
  },
];
