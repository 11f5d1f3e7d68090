import { describe, expect, it, vi } from "vitest";
import { NOTHING } from "../../src/auth/need.ts";
import type { Broker } from "../../src/http/broker.ts";
import { nsqdRoutes } from "../../src/http/nsqd-api.ts";
import { HttpError, json, ok } from "../../src/http/respond.ts";
import { createRouter, type Route } from "../../src/http/router.ts";

const NO_BROKER = { doorkeeper: { isOpen: true, limits: { limitsCreation: false } } } as Broker;

/** Answers with the route that was taken. */
const route = createRouter(
  nsqdRoutes.map(
    (each): Route => ({
      ...each,
      handler: async (_request, _broker, ...params) => ok(`${each.path} ${params.join()}`),
    }),
  ),
);

async function ask(method: string, path: string) {
  const request = new Request(`http://broker${path}`, { method });
  const response = await route(request, new URL(request.url).pathname, NO_BROKER);
  const { status, headers } = response;
  return { status, body: await response.text(), allow: headers.get("Allow"), location: headers.get("Location") };
}

const REFUSED = { allow: null, location: null };

describe("the router", () => {
  it.each(nsqdRoutes.map(({ method, path }) => [method, path]))(
    "[HTTP2] finds its route: %s %s",
    async (method, path) => {
      const { status, body } = await ask(method, path.replace(":param", "x"));
      expect({ status, body }).toEqual({ status: 200, body: `${path} ${path.includes(":") ? "x" : ""}` });
    },
  );

  it("[HTTP2] a part that a path leaves open may look like its name", async () => {
    expect(await ask("GET", "/config/:param")).toMatchObject({ status: 200, body: "/config/:param :param" });
  });

  it.each([
    ["GET", "/"],
    ["GET", "/nothing"],
    ["POST", "/pub/more"],
    ["GET", "/config/"],
    ["GET", "/config/a/b"],
  ])("[HTTP2] %s %s is not found", async (method, path) => {
    expect(await ask(method, path)).toEqual({ ...REFUSED, status: 404, body: '{"message":"NOT_FOUND"}' });
  });

  it.each([
    ["GET", "/pub", "OPTIONS, POST"],
    ["HEAD", "/stats", "GET, OPTIONS"],
    ["DELETE", "/config/log_level", "GET, OPTIONS, PUT"],
    ["PUT", "/debug/pprof/symbol", "GET, OPTIONS, POST"],
  ])("[HTTP2] a method that a path lacks is answered with those it has: %s %s", async (method, path, allow) => {
    const { status, allow: allowed, body } = await ask(method, path);
    expect({ status, allowed }).toEqual({ status: 405, allowed: allow });
    if (method !== "HEAD") expect(body).toBe('{"message":"METHOD_NOT_ALLOWED"}');
  });

  it("[HTTP2] OPTIONS tells the methods of a path", async () => {
    expect(await ask("OPTIONS", "/pub")).toEqual({ status: 200, body: "", allow: "OPTIONS, POST", location: null });
  });

  it.each([
    ["GET", "/ping/", 301, "/ping"],
    ["GET", "/PING", 301, "/ping"],
    ["GET", "//ping", 301, "/ping"],
    ["GET", "/debug/pprof", 301, "/debug/pprof/"],
    ["GET", "/Config/log_level", 301, "/config/log_level"],
    ["POST", "/pub/?topic=t", 307, "/pub?topic=t"],
    ["POST", "/Topic//create?topic=t", 307, "/topic/create?topic=t"],
  ])("[HTTP2] a path that is nearly right is redirected: %s %s", async (method, path, status, location) => {
    expect(await ask(method, path)).toMatchObject({ status, location });
  });

  it("[HTTP2] parts that a path leaves open come in their order, as they were sent", async () => {
    const several = createRouter([
      {
        method: "DELETE",
        path: "/t/:topic/:channel",
        need: NOTHING,
        handler: async (_request, _broker, ...params) => json(params),
      },
      {
        method: "GET",
        path: "/t/:topic/more/:channel",
        need: NOTHING,
        handler: async (_request, _broker, ...params) => json(params),
      },
    ]);
    const answered = async (method: string, path: string) => {
      const response = await several(new Request(`http://broker${path}`, { method }), path, NO_BROKER);
      return response.status === 200 ? response.json() : [response.status, response.headers.get("Location")];
    };
    expect(await answered("DELETE", "/t/a%23b/c%2Fd")).toEqual(["a%23b", "c%2Fd"]);
    expect(await answered("GET", "/t/a/more/b")).toEqual(["a", "b"]);
    expect(await answered("GET", "/T/Aa/MORE/Bb/")).toEqual([301, "/t/Aa/more/Bb"]);
    expect(await answered("DELETE", "/t/a")).toEqual([404, null]);
  });

  it("[AUTH8] [HTTP2] a path that means another when dots and backslashes are resolved is not taken for that", async () => {
    const request = new Request("http://broker/config/x");
    const response = await route(request, "/config/..\\config\\x", NO_BROKER);
    expect(response.status).toBe(405);
    expect((await route(request, "/config/x", NO_BROKER)).status).toBe(200);
  });

  it("[HTTP2] a path that is nearly right for another method is not found", async () => {
    expect(await ask("POST", "/ping/")).toMatchObject({ status: 404 });
  });

  it("[HTTP3] what is thrown inside reaches the log and not the peer", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const broken = createRouter([
      {
        method: "GET",
        path: "/x",
        need: NOTHING,
        handler: () => {
          throw new Error("secret detail");
        },
      },
    ]);
    const response = await broken(new Request("http://broker/x"), "/x", NO_BROKER);
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"message":"INTERNAL_ERROR"}');
    expect(String(logged.mock.calls[0]?.[1])).toContain("secret detail");
    logged.mockRestore();
  });

  it("[HTTP1] an error of a handler is its status and its code as JSON, with nsqd's headers", async () => {
    const refusing = createRouter([
      { method: "GET", path: "/x", need: NOTHING, handler: async () => new HttpError(413, "MSG_TOO_BIG") },
    ]);
    const response = await refusing(new Request("http://broker/x"), "/x", NO_BROKER);
    expect(response.status).toBe(413);
    expect(await response.text()).toBe('{"message":"MSG_TOO_BIG"}');
    expect(response.headers.get("X-NSQ-Content-Type")).toBe("nsq; version=1.0");
    expect(response.headers.get("Content-Type")).toBe("application/json; charset=utf-8");
  });
});
