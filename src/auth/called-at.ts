// At which URL the broker was called.

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** A proxy that encrypts for the broker says so as it does to nsqadmin; a page of another origin cannot say it unasked. */
export function calledAt(request: Request): URL {
  const url = new URL(request.url);
  if (request.headers.get("X-Scheme") === "https") url.protocol = "https:";
  return url;
}

/** Whether a host can be called from the same machine only. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
