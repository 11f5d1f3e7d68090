import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileNames } from "../../../src/cli/to-file/file-name.ts";
import { type RotationSettings, TopicFiles } from "../../../src/cli/to-file/topic-files.ts";

let dir: string;
let now: Date;
let isStarved: boolean;
let errors: unknown[];
let created: TopicFiles[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "nsq-edge-"));
  now = new Date(2026, 0, 4, 15, 0, 0);
  isStarved = false;
  errors = [];
  created = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const files of created) await files.close();
});

function create(settings: Partial<RotationSettings> = {}): TopicFiles {
  const { gzipLevel = null, rotateSize = 0, rotateInterval = 0, workDir = dir } = settings;
  const names = new FileNames("t", {
    filenameFormat: "<TOPIC><REV>.<DATETIME>",
    datetimeFormat: "%H%M",
    hostIdentifier: "",
    hostname: "host",
    pid: 1,
    gzip: gzipLevel !== null,
    hasRevisions: gzipLevel !== null || rotateSize > 0 || rotateInterval > 0 || workDir !== dir,
  });
  const isExclusive = gzipLevel !== null || rotateInterval > 0;
  const all = {
    outputDir: dir,
    workDir,
    gzipLevel,
    isExclusive,
    rotateSize,
    rotateInterval,
    batch: 3,
    skipEmptyFiles: false,
  };
  const files = new TopicFiles(
    names,
    { ...all, ...settings },
    () => now,
    () => isStarved,
    (error) => errors.push(error),
  );
  created.push(files);
  return files;
}

/** Writes messages; which of them are known to be safe is seen in `safe`. */
function write(files: TopicFiles, ...bodies: string[]) {
  const safe: string[] = [];
  const all = bodies.map((body) => files.write(Buffer.from(body)).then(() => safe.push(body)));
  return { safe, all: Promise.all(all) };
}

/** The names and contents of the files. */
function written(folder = dir): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name.startsWith("t"));
  return Object.fromEntries(names.map((name) => [name, contentOf(join(folder, name))]));
}

function contentOf(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}

describe("the files of a topic", () => {
  it("[CLI8] a message is safe when the file was synced, not when it was written", async () => {
    const probe = await open(join(dir, "probe"), "w");
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const syncing = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    vi.spyOn(prototype, "datasync").mockImplementation(() => {
      asked.resolve();
      return syncing.promise;
    });
    const files = create();
    const { safe, all } = write(files, "a", "b", "c");
    await asked.promise;
    expect(written()).toEqual({ "t.1500": "a\nb\nc\n" });
    expect(safe).toEqual([]);
    syncing.resolve();
    await all;
    expect(safe).toEqual(["a", "b", "c"]);
  });

  it("[CLI8] a full batch is synced; what is less waits for the next sync", async () => {
    const files = create();
    const first = write(files, "a", "b", "c", "d");
    await vi.waitFor(() => expect(first.safe).toEqual(["a", "b", "c"]));
    files.tick();
    await first.all;
    expect(written()).toEqual({ "t.1500": "a\nb\nc\nd\n" });
  });

  it("[CLI8] what holds others back is synced at once, and so is all when the tool ends", async () => {
    isStarved = true;
    const files = create();
    await write(files, "a").all;
    isStarved = false;
    const waiting = write(files, "b");
    files.end();
    await waiting.all;
    await write(files, "c").all;
    expect(written()).toEqual({ "t.1500": "a\nb\nc\n" });
  });

  it("[CLI8] what could not be written does not become safe with the next sync", async () => {
    const probe = await open(join(dir, "probe"), "w");
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    vi.spyOn(prototype, "appendFile").mockRejectedValueOnce(new Error("no space"));
    const files = create();
    const { safe } = write(files, "a", "b", "c");
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    files.tick();
    files.end();
    expect(await files.close()).toBe(false);
    expect(safe).toEqual([]);
  });

  it("[CLI8] folders that are made are safe, too, each in the one around it", async () => {
    const probe = await open(join(dir, "probe"), "w");
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const synced = vi.spyOn(prototype, "sync");
    await write(create({ batch: 1, outputDir: join(dir, "a/b"), workDir: join(dir, "a/b") }), "a").all;
    expect(synced).toHaveBeenCalledTimes(3); // dir has a, a has b, b has the file
  });

  it("[CLI8] after an error nothing counts as safe", async () => {
    const files = create({ outputDir: "/dev/null/no", workDir: "/dev/null/no", batch: 1 });
    const { safe } = write(files, "a");
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0));
    expect(safe).toEqual([]);
  });

  it("[CLI9] another time means another file", async () => {
    const files = create({ batch: 1 });
    await write(files, "a").all;
    now = new Date(2026, 0, 4, 15, 1, 0);
    await write(files, "b").all;
    expect(written()).toEqual({ "t.1500": "a\n", "t.1501": "b\n" });
  });

  it("[CLI9] without revisions a file that is there is added to, behind a line that a crash cut off", async () => {
    writeFileSync(join(dir, "t.1500"), "whole\nhal");
    await write(create({ batch: 1 }), "a").all;
    expect(written()).toEqual({ "t.1500": "whole\nhal\na\n" });
  });

  it("[CLI9] a file that grew too large is followed by the next revision", async () => {
    const files = create({ batch: 1, rotateSize: 3 });
    await write(files, "aa", "bb", "cc").all;
    await files.close();
    expect(written()).toEqual({ "t-000000.1500": "aa\nbb\n", "t-000001.1500": "cc\n" });
    await write(create({ batch: 1, rotateSize: 3 }), "dd").all;
    expect(written()["t-000001.1500"]).toBe("cc\ndd\n");
  });

  it("[CLI9] after rotate-interval there is another file; one that is there is not touched", async () => {
    writeFileSync(join(dir, "t-000000.1500"), "of others\n");
    const files = create({ batch: 1, rotateInterval: 10_000 });
    await write(files, "a").all;
    now = new Date(now.getTime() + 10_001);
    await write(files, "b").all;
    expect(written()).toEqual({ "t-000000.1500": "of others\n", "t-000001.1500": "a\n", "t-000002.1500": "b\n" });
  });

  it("[CLI9] a time without messages makes an empty file, or none when it is to skip those", async () => {
    for (const skipEmptyFiles of [false, true]) {
      const files = create({ batch: 1, skipEmptyFiles });
      await write(files, "a").all;
      now = new Date(now.getTime() + 60_000);
      files.tick();
      await files.close();
      now = new Date(now.getTime() + 60_000);
    }
    expect(written()).toEqual({ "t.1500": "a\n", "t.1501": "", "t.1502": "a\n" });
  });

  it("[CLI9] gzip: what was synced together is a member, and all that is safe can be read before the file is closed", async () => {
    const files = create({ gzipLevel: 9, batch: 2 });
    await write(files, "a", "b").all;
    expect(written()).toEqual({ "t-000000.1500.gz": "a\nb\n" });
    await write(files, "c", "d").all;
    expect(written()).toEqual({ "t-000000.1500.gz": "a\nb\nc\nd\n" });
  });

  it("[CLI9] a work directory: a finished file moves, and nothing is written over", async () => {
    const workDir = join(dir, "work");
    mkdirSync(workDir);
    const files = create({ batch: 1, workDir });
    await write(files, "a").all;
    expect(written()).toEqual({});
    expect(written(workDir)).toEqual({ "t-000000.1500": "a\n" });
    writeFileSync(join(dir, "t-000000.1500"), "came meanwhile\n");
    await files.close();
    expect(written()).toEqual({ "t-000000.1500": "came meanwhile\n", "t-000001.1500": "a\n" });
    expect(written(workDir)).toEqual({});
    const next = create({ batch: 1, workDir });
    await write(next, "b").all;
    await next.close();
    expect(written()["t-000002.1500"]).toBe("b\n");
  });

  it("[CLI9] SIGHUP closes the file, which may have been moved away", async () => {
    const files = create({ batch: 1 });
    await write(files, "a").all;
    renameSync(join(dir, "t.1500"), join(dir, "moved"));
    files.reopen();
    await write(files, "b").all;
    expect(contentOf(join(dir, "moved"))).toBe("a\n");
    expect(written()).toEqual({ "t.1500": "b\n" });
  });
});
