import { describe, expect, it } from "vitest";
import { FileNames, type NameSettings, withRevision } from "../../../src/cli/to-file/file-name.ts";
import { strftime } from "../../../src/cli/to-file/strftime.ts";

const AT = new Date(2026, 0, 4, 15, 6, 7);
const MORNING = new Date(2026, 10, 30, 0, 0, 0);

const SETTINGS: NameSettings = {
  filenameFormat: "<TOPIC>.<HOST><REV>.<DATETIME>.log",
  datetimeFormat: "%Y-%m-%d_%H",
  hostIdentifier: "",
  hostname: "host.example.com",
  pid: 42,
  gzip: false,
  hasRevisions: false,
};

describe("dates in names", () => {
  it("[CLI9] follow strftime, in local time", () => {
    expect(strftime("%Y-%m-%d_%H:%M:%S %y %A %a %B %b %I %p %%", AT)).toBe(
      "2026-01-04_15:06:07 26 Sunday Sun January Jan 03 PM %",
    );
    expect(strftime("%d %I %p %b", MORNING)).toBe("30 12 AM Nov");
    expect(strftime("%z", AT)).toMatch(/^[+-]\d{4}$/);
    expect(strftime("%q %", AT)).toBe("%q %");
  });
});

describe("names of files", () => {
  it("[CLI9] are nsq_to_file's", () => {
    expect(new FileNames("orders", SETTINGS).at(AT)).toBe("orders.host.2026-01-04_15.log");
  });

  it("[CLI9] have a revision where there may be several, and say that they are compressed", () => {
    const names = new FileNames("orders", { ...SETTINGS, gzip: true, hasRevisions: true });
    expect(names.at(AT)).toBe("orders.host<REV>.2026-01-04_15.log.gz");
    expect(withRevision(names.at(AT), 3)).toBe("orders.host-000003.2026-01-04_15.log.gz");
    const own = { ...SETTINGS, filenameFormat: "<TOPIC><REV>.gz", gzip: true, hasRevisions: true };
    expect(new FileNames("t", own).at(AT)).toBe("t<REV>.gz");
  });

  it("[CLI9] may name the host and the process", () => {
    const settings = { ...SETTINGS, filenameFormat: "<HOST>/<PID>", hostIdentifier: "<SHORT_HOST>~<HOSTNAME>" };
    expect(new FileNames("t", settings).at(AT)).toBe("host~host.example.com/42");
  });

  it("[CLI9] do not lead out of the folder, whatever a topic is called", () => {
    for (const topic of ["..", "."]) {
      const inFolder = { ...SETTINGS, filenameFormat: "<TOPIC>/<DATETIME>.log" };
      expect(() => new FileNames(topic, inFolder)).toThrow(`topic ${topic} would lead out of --output-dir`);
      expect(new FileNames(topic, SETTINGS).at(AT)).toBe(`${topic}.host.2026-01-04_15.log`);
    }
  });

  it("[CLI2] are refused without a place for the revision that is needed", () => {
    expect(() => new FileNames("t", { ...SETTINGS, filenameFormat: "<TOPIC>", hasRevisions: true })).toThrow(
      "--filename-format needs <REV>",
    );
  });
});
