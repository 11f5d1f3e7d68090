// What this program is, and what it is called where it connects.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The package knows itself by its name, wherever in it this file lies. */
export const VERSION = (require("nsq-edge/package.json") as { version: string }).version;

/** The user agent of a tool. */
export function agent(tool: string): string {
  return `nsq-edge-${tool}/${VERSION}`;
}
