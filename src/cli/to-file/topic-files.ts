// The files of a topic, one after the other: which one a message goes to, and when it is safe (spec 7, apps/nsq_to_file/file_logger.go).

import type { FileNames } from "./file-name.ts";
import { type FileSettings, OutputFile } from "./output-file.ts";

export interface RotationSettings extends FileSettings {
  /** Messages that wait for a sync at most. */
  readonly batch: number;
  /** ms; 0 for never */
  readonly rotateInterval: number;
  readonly skipEmptyFiles: boolean;
}

interface Waiting {
  readonly body: Uint8Array;
  resolve(): void;
}

/** Steps follow each other: there is one file, and nothing is written to it while it is synced. */
export class TopicFiles {
  readonly #names: FileNames;
  readonly #settings: RotationSettings;
  readonly #now: () => Date;
  /** Called when a file could not be written: nothing is safe from there on. */
  readonly #failed: (error: unknown) => void;
  /** Whether more is held back by what waits here: then it is time for a sync. */
  readonly #isStarved: () => boolean;
  #file: OutputFile | null = null;
  /** To be added. */
  #incoming: Waiting[] = [];
  /** Added, and not yet safe. */
  #added: Waiting[] = [];
  #steps: Promise<void> = Promise.resolve();
  #hasFailed = false;
  #isEnding = false;

  constructor(
    names: FileNames,
    settings: RotationSettings,
    now: () => Date,
    isStarved: () => boolean,
    failed: (error: unknown) => void,
  ) {
    this.#names = names;
    this.#settings = settings;
    this.#now = now;
    this.#isStarved = isStarved;
    this.#failed = failed;
  }

  /** Resolves when the message is safe; never when it could not be written. */
  write(body: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#incoming.push({ body, resolve });
      // Those that come together are one step.
      if (this.#incoming.length === 1) this.#step(() => this.#addAll());
    });
  }

  /** The time between syncs has passed. */
  tick(): void {
    this.#step(async () => {
      await this.#sync();
      if (!this.#mustRotate()) return;
      if (this.#settings.skipEmptyFiles) await this.#close();
      else await this.#rotate();
    });
  }

  /** Syncs and closes the file, which may have been moved away: the next message goes to a new one. */
  reopen(): void {
    this.#step(() => this.#close());
  }

  /** There is not much more to come: each message is made safe at once. */
  end(): void {
    this.#isEnding = true;
    this.#step(() => this.#sync());
  }

  /** Resolves when all is written and closed: false when that failed. */
  async close(): Promise<boolean> {
    this.#step(() => this.#close());
    await this.#steps;
    return !this.#hasFailed;
  }

  /** After one that failed there is none: what it should have written would count as safe with the next. */
  #step(act: () => Promise<void>): void {
    this.#steps = this.#steps.then(async () => {
      if (this.#hasFailed) return;
      try {
        await act();
      } catch (error) {
        this.#hasFailed = true;
        this.#failed(error);
      }
    });
  }

  async #addAll(): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = [];
    for (const waiting of incoming) {
      if (this.#mustRotate()) await this.#rotate();
      this.#file?.add(waiting.body);
      this.#added.push(waiting);
      if (this.#added.length >= this.#settings.batch) await this.#sync();
    }
    if (this.#isEnding || this.#isStarved()) await this.#sync();
  }

  #mustRotate(): boolean {
    const file = this.#file;
    if (file === null) return true;
    const { rotateInterval, rotateSize } = this.#settings;
    const now = this.#now();
    if (this.#names.at(now) !== file.name) return true;
    if (rotateInterval > 0 && now.getTime() - file.openedAt > rotateInterval) return true;
    return rotateSize > 0 && file.size > rotateSize;
  }

  async #rotate(): Promise<void> {
    const before = this.#file;
    await this.#close();
    const now = this.#now();
    const name = this.#names.at(now);
    const revision = before?.name === name ? before.revision + 1 : 0;
    this.#file = await OutputFile.open(name, revision, now.getTime(), this.#settings);
  }

  async #sync(): Promise<void> {
    if (this.#added.length === 0) return;
    await this.#file?.sync();
    this.#settle();
  }

  async #close(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    await file.close();
    this.#file = null;
    this.#settle();
  }

  #settle(): void {
    for (const { resolve } of this.#added.splice(0)) resolve();
  }
}
