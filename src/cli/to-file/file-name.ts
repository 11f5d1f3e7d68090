// What the files of a topic are called (spec 7, apps/nsq_to_file/file_logger.go computeFilenameFormat).

import { Failure } from "../failure.ts";
import { strftime } from "./strftime.ts";

const REV = "<REV>";

export interface NameSettings {
  readonly filenameFormat: string;
  readonly datetimeFormat: string;
  /** In place of the host's name; empty for the short one. */
  readonly hostIdentifier: string;
  readonly hostname: string;
  readonly pid: number;
  readonly gzip: boolean;
  /** Whether there may be several files of a time: they are told apart by a revision. */
  readonly hasRevisions: boolean;
}

/** The names of a topic's files, which still lack the time and the revision. @throws {Failure} */
export class FileNames {
  readonly #format: string;
  readonly #datetimeFormat: string;

  constructor(topic: string, settings: NameSettings) {
    const { filenameFormat, datetimeFormat, hostname, gzip, hasRevisions, pid } = settings;
    if (hasRevisions && !filenameFormat.includes(REV)) {
      throw new Failure("usage", `--filename-format needs ${REV} with gzip, rotation, or a work directory of its own`);
    }
    const shortHost = hostname.split(".", 1)[0] as string;
    const host = (settings.hostIdentifier || "<SHORT_HOST>")
      .replaceAll("<SHORT_HOST>", shortHost)
      .replaceAll("<HOSTNAME>", hostname);
    const format = (hasRevisions ? filenameFormat : filenameFormat.replaceAll(REV, ""))
      .replaceAll("<TOPIC>", topic)
      .replaceAll("<HOST>", host)
      .replaceAll("<PID>", String(pid));
    if (leaves(topic, filenameFormat)) throw new Failure("usage", `topic ${topic} would lead out of --output-dir`);
    this.#format = gzip && !format.endsWith(".gz") ? `${format}.gz` : format;
    this.#datetimeFormat = datetimeFormat;
  }

  /** The name that holds at a time; another one means another file. */
  at(time: Date): string {
    return this.#format.replaceAll("<DATETIME>", strftime(this.#datetimeFormat, time));
  }
}

/** `..` is the name of a topic, and whoever may publish chooses it. */
function leaves(topic: string, format: string): boolean {
  return format
    .split("/")
    .some((part) => part.includes("<TOPIC>") && /^\.\.?$/.test(part.replaceAll("<TOPIC>", topic)));
}

/** `-000001`; names without a place for it have none. */
export function withRevision(name: string, revision: number): string {
  return name.replaceAll(REV, `-${String(revision).padStart(6, "0")}`);
}
