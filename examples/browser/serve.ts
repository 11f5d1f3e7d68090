// Serves the page and the client: `npm run build`, then `node examples/browser/serve.ts`.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" };
export interface PageServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  stop(): void;
}

/** @param clientDir where the client is built */
export async function servePage(port = 0, clientDir = "dist/client"): Promise<PageServer> {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const isOfClient = path.startsWith("/client/") || path.startsWith("/protocol/");
    const file = isOfClient ? join(clientDir, path) : join(import.meta.dirname, path === "/" ? "index.html" : path);
    try {
      const content = await readFile(file);
      response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

if (import.meta.main) console.log((await servePage(8_000)).url);
