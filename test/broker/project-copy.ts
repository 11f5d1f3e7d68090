// The project in a folder of its own, with ports that nobody else has: everything but wrangler.toml is a link.

import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../helpers/free-port.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const CONFIG = "wrangler.toml";
/** What a run writes, and what is not of the project. */
const NOT_LINKED = new Set([CONFIG, ".wrangler", ".git", "dist"]);

export interface ProjectCopy {
  readonly dir: string;
  /** Of the raw TCP door. */
  readonly tcpPort: number;
  remove(): Promise<void>;
}

export async function copyProject(): Promise<ProjectCopy> {
  const dir = await mkdtemp(join(tmpdir(), "nsq-edge-start-"));
  const names = (await readdir(PROJECT)).filter((name) => !NOT_LINKED.has(name));
  await Promise.all(names.map((name) => symlink(join(PROJECT, name), join(dir, name))));
  const tcpPort = await freePort();
  const config = await readFile(join(PROJECT, CONFIG), "utf8");
  const changed = config.replace(/(\[\[connect\]\][^[]*?\nport = )\d+/, `$1${tcpPort}`);
  if (changed === config) throw new Error(`no TCP port in ${CONFIG}`);
  await writeFile(join(dir, CONFIG), changed);
  return { dir, tcpPort, remove: () => rm(dir, { recursive: true, force: true }) };
}
