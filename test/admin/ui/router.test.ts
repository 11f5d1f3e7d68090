// Which page a path names, and the path of each page.

import { describe, expect, it } from "vitest";
import { channelHref, nodeHref, parsePath, topicHref } from "../../../src/admin/ui/router.ts";

const HOSTILE = ["a#ephemeral", "a.b_c-d", "a/b", "a?b=c&d", "50%", "%41", "ä €", "a b", "topics"];

describe("parsePath", () => {
  it.each([
    ["/admin", { page: "topics" }],
    ["/admin/", { page: "topics" }],
    ["/admin/topics", { page: "topics" }],
    ["/admin/topics/orders", { page: "topic", topic: "orders" }],
    ["/admin/topics/orders/mail", { page: "channel", topic: "orders", channel: "mail" }],
    ["/admin/nodes", { page: "nodes" }],
    ["/admin/nodes/10.0.0.7:4151", { page: "node", node: "10.0.0.7:4151" }],
    ["/admin/lookup", { page: "lookup" }],
    ["/admin/counter", { page: "counter" }],
    ["/admin/audit", { page: "audit" }],
  ])("[PAGE1] %s names a page, with a slash behind it or without", (path, route) => {
    expect(parsePath(path)).toEqual(route);
    expect(parsePath(`${path.replace(/\/$/, "")}/`)).toEqual(route);
  });

  it.each([
    ["another place", "/"],
    ["a place that only begins alike", "/admin-topics"],
    ["another case", "/Admin/topics"],
    ["a page that there is not", "/admin/tropics"],
    ["something below a page that has nothing below it", "/admin/lookup/a"],
    ["the same below audit", "/admin/audit/a"],
    ["something below a node", "/admin/nodes/a/b"],
    ["something below a channel", "/admin/topics/a/b/c"],
    ["a topic without a name", "/admin/topics//"],
    ["a channel of a topic without a name", "/admin/topics//c"],
    ["a channel without a name", "/admin/topics/a//"],
    ["a name below no page", "/admin//a"],
    ["what encodes nothing", "/admin/topics/50%"],
    ["what encodes no UTF-8", "/admin/topics/%ff"],
  ])("[PAGE1] takes %s for unknown", (_, path) => {
    expect(parsePath(path)).toEqual({ page: "unknown" });
  });
});

describe("the path of a page", () => {
  it("[PAGE1] encodes what a path cannot hold", () => {
    expect(topicHref("a#ephemeral")).toBe("/admin/topics/a%23ephemeral");
    expect(channelHref("a#ephemeral", "b/c")).toBe("/admin/topics/a%23ephemeral/b%2Fc");
    expect(nodeHref("::1?:4151")).toBe("/admin/nodes/%3A%3A1%3F%3A4151");
  });

  it.each(HOSTILE)("[PAGE1] leads back to the name: %s", (name) => {
    const arrivedAt = (href: string) => parsePath(new URL(href, "http://broker").pathname);
    expect(arrivedAt(topicHref(name))).toEqual({ page: "topic", topic: name });
    expect(arrivedAt(channelHref(name, name))).toEqual({ page: "channel", topic: name, channel: name });
    expect(arrivedAt(nodeHref(name))).toEqual({ page: "node", node: name });
  });
});
