// The admin pages, from the Worker's static assets: one page, whatever its path below /admin/, and the files that it is made of.

import type { Broker } from "../http/broker.ts";
import { error, HttpError, refused } from "../http/respond.ts";
import { missingForPages, PAGES, redirect, SIGN_IN, SIGN_OUT, signIn, signOut, toSignIn } from "./sign-in.ts";

/** Where the files are: Cloudflare's assets binding, or a folder that workerd serves. */
export interface Assets {
  fetch(url: string): Promise<Response>;
}

/** Files whose names change with their content. */
const HASHED = "/admin/assets/";
const PAGE = "/admin/index.html";
const SIGN_IN_PAGE = "/admin/login.html";
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
  // With none at all a browser would not tell where its own forms come from, either.
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** Whether a path is one of the pages' and not of the API behind them. */
export function isPagePath(pathname: string): boolean {
  return pathname === "/admin" || (pathname.startsWith(PAGES) && !pathname.startsWith("/admin/api/"));
}

/** A browser that comes to the root is sent to the pages; everybody else finds there what is at the root of nsqd: nothing. */
export function isBrowserAtRoot(request: Request, pathname: string): boolean {
  return pathname === "/" && request.method === "GET" && (request.headers.get("Accept") ?? "").includes("text/html");
}

export function toPages(): Response {
  return redirect(PAGES, 302);
}

/** Answers a request for a page, for a file that it is made of, or to sign in or out. */
export async function openPages(request: Request, pathname: string, broker: Broker): Promise<Response> {
  if (broker.doorkeeper.isClosed) return refused("closed");
  const { method } = request;
  if (method === "POST" && pathname === SIGN_IN) return signIn(request, broker.doorkeeper);
  if (method === "POST" && pathname === SIGN_OUT) return signOut(request);
  if (method !== "GET" && method !== "HEAD") return error(new HttpError(405, "METHOD_NOT_ALLOWED"));
  if (pathname === "/admin") return toPages();
  const { ASSETS: assets } = broker.env as { readonly ASSETS?: Assets };
  if (assets === undefined) return error(new HttpError(404, "NOT_FOUND"));
  if (isFilePath(pathname)) return file(request, pathname, assets);
  const isSignIn = pathname === SIGN_IN;
  const missing = broker.doorkeeper.isOpen ? null : await missingForPages(request, pathname, broker.doorkeeper);
  if (isSignIn) return missing === null ? toPages() : file(request, SIGN_IN_PAGE, assets);
  return missing === null ? file(request, PAGE, assets) : toSignIn(missing);
}

/** What is no secret: whoever has not signed in sees a page that is made of it, too. */
function isFilePath(pathname: string): boolean {
  return /\.\w+$/.test(pathname) && (pathname.startsWith(HASHED) || pathname.lastIndexOf("/") < PAGES.length);
}

async function file(request: Request, path: string, assets: Assets): Promise<Response> {
  const found = await assets.fetch(new URL(path, request.url).href);
  if (!found.ok) return error(new HttpError(404, "NOT_FOUND"));
  const headers = {
    ...SECURITY_HEADERS,
    "Content-Type": TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    "Cache-Control": path.startsWith(HASHED) ? "public, max-age=31536000, immutable" : "no-cache",
  };
  return new Response(request.method === "HEAD" ? null : found.body, { headers });
}
