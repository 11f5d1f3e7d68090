// Calls of the admin API: what is sent, and what is made of answers that are none.

import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, getBytes, getJson, path, send, Unreachable } from "../../../src/admin/ui/request.ts";

const URL_ = "/admin/api/topics";

/** Answers each call like this. */
function answering(answer: (url: string, init: RequestInit) => Promise<Response>) {
  const fetch = vi.fn(answer);
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

function answeringWith(body: BodyInit | null, status = 200) {
  return answering(async () => new Response(body, { status }));
}

/** The first bytes of a body that then breaks off. */
function brokenBody(error: unknown): ReadableStream<Uint8Array> {
  let isBegun = false;
  return new ReadableStream({
    pull: (controller) => {
      if (isBegun) controller.error(error);
      else controller.enqueue(new TextEncoder().encode('{"message":'));
      isBegun = true;
    },
  });
}

const CALLS = [
  ["getJson", () => getJson(URL_)],
  ["getBytes", () => getBytes(URL_)],
  ["send", () => send("POST", URL_, {})],
] as const;

afterEach(() => vi.unstubAllGlobals());

describe("path", () => {
  it("[PAGE2] encodes each part, so that what is asked for is what was meant", () => {
    expect(path("topics")).toBe("/admin/api/topics");
    expect(path("topics", "a#ephemeral", "b/c ?%")).toBe("/admin/api/topics/a%23ephemeral/b%2Fc%20%3F%25");
    expect(path("nodes", "10.0.0.7:4151")).toBe("/admin/api/nodes/10.0.0.7%3A4151");
  });

  it.each([".", ".."])(
    "[PAGE2] makes no path with the name %s, which URLs leave out: another thing would be deleted",
    (name) => {
      expect(() => path("topics", "orders", name)).toThrow(Unreachable);
      expect(() => path("topics", name)).toThrow(Unreachable);
    },
  );

  it("[PAGE2] keeps dots that are only a part of a name", () => {
    expect(path("topics", "...", ".a")).toBe("/admin/api/topics/.../.a");
  });
});

describe("what is sent", () => {
  it("[PAGE1] to read JSON: a GET, which can be given up", async () => {
    const fetch = answeringWith('{"message":"","topics":["a"]}');
    const { signal } = new AbortController();
    expect(await getJson(URL_)).toEqual({ message: "", topics: ["a"] });
    expect(await getJson(URL_, signal)).toEqual({ message: "", topics: ["a"] });
    expect(fetch.mock.calls).toEqual([
      [URL_, { method: "GET" }],
      [URL_, { method: "GET", signal }],
    ]);
    expect(fetch.mock.calls[1]?.[1].signal).toBe(signal);
  });

  it("[PAGE1] to read the body of a message: a GET, whose bytes come as they are", async () => {
    const body = Uint8Array.of(0, 0xff, 0x0d, 0x0a);
    const fetch = answeringWith(body);
    const { signal } = new AbortController();
    expect(await getBytes(URL_, signal)).toEqual(body);
    expect(fetch.mock.calls[0]).toEqual([URL_, { method: "GET", signal }]);
  });

  it("[PAGE2] to have something done: an object as JSON, text as it is, or nothing", async () => {
    const fetch = answeringWith('{"message":"WARNING: a"}');
    expect(await send("POST", URL_, { topic: "a" })).toEqual({ message: "WARNING: a" });
    await send("POST", URL_, '{"as": "it is"}');
    await send("POST", URL_, "");
    await send("DELETE", URL_);
    expect(fetch.mock.calls.map(([, init]) => init)).toEqual([
      { method: "POST", body: '{"topic":"a"}' },
      { method: "POST", body: '{"as": "it is"}' },
      { method: "POST", body: "" },
      { method: "DELETE" },
    ]);
    expect(fetch.mock.calls[3]?.[1]).not.toHaveProperty("body");
  });
});

describe.each(CALLS)("%s", (_, call) => {
  const failed = () =>
    call().then(
      () => "no error",
      (error: unknown) => error,
    );

  it.each([
    [404, "TOPIC_NOT_FOUND"],
    [403, "FORBIDDEN"],
    [500, "INTERNAL_ERROR"],
  ])("[PAGE2] fails by an ApiError with the code of what the API refuses: %i %s", async (status, code) => {
    answeringWith(JSON.stringify({ message: code }), status);
    const error = await failed();
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status, message: code });
  });

  it.each(["", "<h1>Forbidden</h1>", "null", "{}"])(
    "[PAGE2] names the status of a refusal without a code: %j",
    async (body) => {
      answeringWith(body, 403);
      const error = await failed();
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ status: 403, message: "HTTP 403" });
    },
  );

  it("[PAGE3] finds the broker unreachable when the request fails", async () => {
    const cause = new TypeError("fetch failed");
    answering(() => Promise.reject(cause));
    const error = await failed();
    expect(error).toBeInstanceOf(Unreachable);
    expect(error).toMatchObject({ cause });
  });

  it.each([500, 502, 503, 530])(
    "[PAGE3] finds the broker unreachable when %i comes from something before it",
    async (status) => {
      answeringWith("<h1>Bad gateway</h1>", status);
      const error = await failed();
      expect(error).toBeInstanceOf(Unreachable);
      expect(error).toMatchObject({ message: `the broker answered ${status}` });
    },
  );

  it("[PAGE3] finds the broker unreachable when its answer breaks off", async () => {
    const cause = new TypeError("terminated");
    answering(async () => new Response(brokenBody(cause)));
    const error = await failed();
    expect(error).toBeInstanceOf(Unreachable);
    expect(error).toMatchObject({ cause });
  });
});

it.each([
  ["getJson", () => getJson(URL_)],
  ["send", () => send("DELETE", URL_)],
])("[PAGE3] %s finds the broker unreachable when somebody else answers, such as a page to log in", async (_, call) => {
  answeringWith("<!doctype html><title>Log in</title>");
  await expect(call()).rejects.toBeInstanceOf(Unreachable);
});

describe("a session that is over", () => {
  /** Where the page goes, and what is done when a reader comes back to it. Each in a page of its own. */
  async function expired() {
    vi.resetModules();
    answeringWith('{"message":"UNAUTHORIZED"}', 401);
    const location = { assign: vi.fn(), reload: vi.fn() };
    const addEventListener = vi.fn();
    vi.stubGlobal("location", location);
    vi.stubGlobal("addEventListener", addEventListener);
    return { location, addEventListener, page: await import("../../../src/admin/ui/request.ts") };
  }

  /** Whether anything came of a call, well after its answer. */
  async function isSettled(call: Promise<unknown>): Promise<boolean> {
    const settled = call.then(
      () => true,
      () => true,
    );
    return Promise.race([settled, new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20))]);
  }

  it("[AUTH6] leads to the page to sign in with, whatever was asked for, and once", async () => {
    const { location, page } = await expired();
    const calls = [page.getJson(URL_), page.getBytes(URL_), page.send("POST", URL_, {})];
    await vi.waitFor(() => expect(location.assign).toHaveBeenCalled());
    expect(await Promise.all(calls.map(isSettled))).toEqual([false, false, false]);
    expect(location.assign.mock.calls).toEqual([["/admin/login#expired"]]);
  });

  it("[AUTH6] is no error that the page would show while it is left", async () => {
    const { page } = await expired();
    expect(await isSettled(page.send("DELETE", URL_))).toBe(false);
  });

  it("[AUTH6] leaves a page that begins anew when its reader goes back to it", async () => {
    const { location, addEventListener, page } = await expired();
    void page.getJson(URL_);
    await vi.waitFor(() => expect(addEventListener).toHaveBeenCalledWith("pageshow", expect.any(Function)));
    const show = addEventListener.mock.calls[0]?.[1] as (event: { persisted: boolean }) => void;
    show({ persisted: false });
    expect(location.reload).not.toHaveBeenCalled();
    show({ persisted: true });
    expect(location.reload).toHaveBeenCalledOnce();
  });
});

describe.each([
  ["getJson", getJson],
  ["getBytes", getBytes],
])("%s that is given up", (_, get) => {
  it("[PAGE3] before an answer does not take the broker for unreachable", async () => {
    const asked = new AbortController();
    answering(
      (_url, { signal }) => new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    );
    const call = get(URL_, asked.signal);
    asked.abort();
    await expect(call).rejects.toBe(asked.signal.reason);
  });

  it("[PAGE3] within an answer does not either", async () => {
    const asked = new AbortController();
    asked.abort();
    answering(async () => new Response(brokenBody(asked.signal.reason)));
    await expect(get(URL_, asked.signal)).rejects.toBe(asked.signal.reason);
  });
});
