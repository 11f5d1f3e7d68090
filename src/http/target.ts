// The target of a request, as it was sent: a URL object would take more time than the rest of a publish in the Worker, and would
// resolve dots that nsqd's router redirects.

/** Where the path begins in an absolute URL, which has one always. */
function pathStart(url: string): number {
  return url.indexOf("/", url.indexOf("://") + "://".length);
}

/** The path, not decoded. */
export function pathOf(url: string): string {
  const from = pathStart(url);
  const to = url.indexOf("?", from);
  return to < 0 ? url.slice(from) : url.slice(from, to);
}

/** What follows the question mark; empty without one. */
export function queryOf(url: string): string {
  const at = url.indexOf("?", pathStart(url));
  return at < 0 ? "" : url.slice(at + 1);
}
