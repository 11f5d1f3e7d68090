// The admin pages, from the Worker's static assets: one page, whatever its path below /admin/, and the files that it is made of.

import { HttpError } from "../http/respond.ts";

/** Where the files are: Cloudflare's assets binding, or a folder that workerd serves. */
export interface Assets {
  fetch(url: string): Promise<Response>;
}

const BASE = "/admin/";
/** Files whose names change with their content. */
const HASHED = "/admin/assets/";
const PAGE = "/admin/index.html";
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Nothing but its own files may do anything in a page, whatever text a message brings into it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const SECURITY_HEADERS = {
  "Content-Security-Policy": POLICY,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** Whether a path is one of the pages' and not of the API behind them. */
export function isPagePath(pathname: string): boolean {
  return pathname === "/admin" || (pathname.startsWith(BASE) && !pathname.startsWith("/admin/api/"));
}

/** A browser that comes to the root is sent to the pages; everybody else finds there what is at the root of nsqd: nothing. */
export function isBrowserAtRoot(request: Request, pathname: string): boolean {
  return pathname === "/" && request.method === "GET" && (request.headers.get("Accept") ?? "").includes("text/html");
}

export function toPages(): Response {
  return new Response(null, { status: 302, headers: { Location: BASE } });
}

export async function adminPage(
  request: Request,
  pathname: string,
  assets: Assets | undefined,
): Promise<Response | HttpError> {
  if (request.method !== "GET" && request.method !== "HEAD") return new HttpError(405, "METHOD_NOT_ALLOWED");
  if (pathname === "/admin") return toPages();
  if (assets === undefined) return new HttpError(404, "NOT_FOUND");
  const isFile = /\.\w+$/.test(pathname) && (pathname.startsWith(HASHED) || pathname.lastIndexOf("/") < BASE.length);
  const path = isFile ? pathname : PAGE;
  const file = await assets.fetch(new URL(path, request.url).href);
  if (!file.ok) return new HttpError(404, "NOT_FOUND");
  const headers = {
    ...SECURITY_HEADERS,
    "Content-Type": TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    "Cache-Control": path.startsWith(HASHED) ? "public, max-age=31536000, immutable" : "no-cache",
  };
  return new Response(request.method === "HEAD" ? null : file.body, { headers });
}
