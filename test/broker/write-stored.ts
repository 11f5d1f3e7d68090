// Keeps what this version stores, for the tests of versions to come: node test/broker/write-stored.ts v4 [folder of a bundle]

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "../../scripts/broker.ts";
import { BUNDLE_DIR, build } from "../../scripts/build.ts";
import { dumpObject, writeDump } from "../helpers/storage-dump.ts";
import { CENTURY_MS, play, STORED_OBJECTS } from "./stored-scene.ts";

/** Longer than any version waits until it saves, ms. */
const UNTIL_SAVED_MS = 3_000;

const [name, bundle] = process.argv.slice(2);
if (name === undefined) throw new Error("name the folder that is to be written, such as v4");
if (bundle === undefined) build();

const workDir = mkdtempSync(join(tmpdir(), "nsq-edge-stored-"));
try {
  cpSync(bundle ?? BUNDLE_DIR, workDir, { recursive: true });
  // No operator may defer for more than a year, but the fixtures will be older than that.
  const code = readFileSync(join(workDir, "index.js"), "utf8");
  const patient = code.replace(/(?<=maxReqTimeout: duration\(.*, )366 \* \w+(?=\))/, String(CENTURY_MS)); // names are the bundler's
  if (patient === code) throw new Error("max-req-timeout has no such limit any more");
  writeFileSync(join(workDir, "index.js"), patient);

  const options = { "max-req-timeout": `${CENTURY_MS / 3_600_000}h` };
  const dataDir = join(workDir, "data");
  const broker = await startBroker({ bundleDir: workDir, dataDir, options });
  await play(broker.http, broker.tcp);
  await new Promise((resolve) => setTimeout(resolve, UNTIL_SAVED_MS));
  await broker.stop("SIGKILL");
  if (broker.log.includes("rror")) console.error(broker.log);

  const dir = join("test/fixtures/storage", name);
  rmSync(dir, { recursive: true, force: true });
  for (const object of STORED_OBJECTS) {
    const dump = dumpObject(dataDir, object.className, object.name);
    if (dump) writeDump(dir, dump);
    else console.error(`${object.className} ${object.name} has stored nothing`);
  }
} finally {
  rmSync(workDir, { recursive: true, force: true });
}
console.log("The tests hold in a minute, when what was soon due is due.");
process.exit(); // the consumers are of no more use
