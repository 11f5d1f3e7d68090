// A file that is being written. What it was told to keep is safe when `sync` resolves, whatever happens then (fsync(2), of the folder, too).

import { type FileHandle, link, mkdir, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { causeCode } from "../failure.ts";
import { withRevision } from "./file-name.ts";

const NEWLINE = Buffer.from("\n");
const compress = promisify(gzip);

export interface FileSettings {
  readonly outputDir: string;
  /** Where a file lies while it is written; the same as `outputDir` when it is not moved. */
  readonly workDir: string;
  /** Of gzip, 1 to 9; null for none. */
  readonly gzipLevel: number | null;
  /** A file must be new: one that is there is never added to. */
  readonly isExclusive: boolean;
  /** A file that has more bytes is not added to; 0 for no bound. */
  readonly rotateSize: number;
}

export class OutputFile {
  /** The name it was opened for, its revision left open. */
  readonly name: string;
  readonly revision: number;
  /** ms */
  readonly openedAt: number;
  readonly #settings: FileSettings;
  readonly #handle: FileHandle;
  /** Bytes, before they are compressed. */
  #size: number;
  /** Not written yet: a member of a gzip file is made of what was synced together. */
  #unwritten: Uint8Array[] = [];

  private constructor(
    name: string,
    revision: number,
    size: number,
    openedAt: number,
    handle: FileHandle,
    settings: FileSettings,
  ) {
    this.name = name;
    this.revision = revision;
    this.openedAt = openedAt;
    this.#size = size;
    this.#handle = handle;
    this.#settings = settings;
  }

  /** Opens the first file of a name, counted from a revision, that may be written to. */
  static async open(name: string, revision: number, openedAt: number, settings: FileSettings): Promise<OutputFile> {
    const { workDir, outputDir, rotateSize } = settings;
    for (let rev = revision; ; rev++) {
      const path = join(workDir, withRevision(name, rev));
      await makeFolder(dirname(path));
      if (workDir !== outputDir && (await exists(join(outputDir, withRevision(name, rev))))) continue;
      const handle = await openOne(path, settings);
      if (handle === null) continue;
      const { size } = await handle.stat();
      if (rotateSize > 0 && size > rotateSize) {
        await handle.close();
        continue;
      }
      const file = new OutputFile(name, rev, size, openedAt, handle, settings);
      await syncFolder(dirname(path));
      if (size > 0) await file.#mendEnd(size);
      return file;
    }
  }

  get size(): number {
    return this.#size;
  }

  add(body: Uint8Array): void {
    this.#unwritten.push(body, NEWLINE);
    this.#size += body.length + 1;
  }

  /** Resolves when all that was added is safe. */
  async sync(): Promise<void> {
    const { gzipLevel } = this.#settings;
    const bytes = Buffer.concat(this.#unwritten);
    this.#unwritten = [];
    if (bytes.length > 0) {
      await this.#handle.appendFile(gzipLevel === null ? bytes : await compress(bytes, { level: gzipLevel }));
    }
    await this.#handle.datasync();
  }

  /** Syncs it, and moves it to where it belongs. Nothing that is there is written over. */
  async close(): Promise<void> {
    await this.sync();
    await this.#handle.close();
    const { workDir, outputDir } = this.#settings;
    if (workDir === outputDir) return;
    const from = join(workDir, withRevision(this.name, this.revision));
    for (let rev = this.revision; ; rev++) {
      const to = join(outputDir, withRevision(this.name, rev));
      await makeFolder(dirname(to));
      if (!(await moved(from, to))) continue;
      await syncFolder(dirname(to));
      return;
    }
  }

  /** A crash may have left half a message behind, to which the next one must not be added. It comes again. */
  async #mendEnd(size: number): Promise<void> {
    const last = Buffer.alloc(1);
    await this.#handle.read(last, 0, 1, size - 1);
    if (!last.equals(NEWLINE)) await this.#handle.appendFile(NEWLINE);
  }
}

/** Null when it is there already and must not be. */
async function openOne(path: string, { isExclusive }: FileSettings): Promise<FileHandle | null> {
  try {
    return await open(path, isExclusive ? "ax" : "a+", 0o666);
  } catch (error) {
    if (causeCode(error) === "EEXIST") return null;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await (await open(path, "r")).close();
    return true;
  } catch (error) {
    if (causeCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** False when there is a file already. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (causeCode(error) === "EEXIST") return false;
    throw error;
  }
  await unlink(from);
  return true;
}

/** Makes a folder, and those around it, so that all of them are safe. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o770 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** A new name is safe when its folder is. Windows has no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  await folder.sync();
  await folder.close();
}
