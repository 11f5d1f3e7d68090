// npx nsq-edge: runs a command, and ends with its status.

import { run } from "./program.ts";

// Whoever read what was printed has gone, as `head` does: there is nobody to print for.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const status = await run(process.argv.slice(2));
// What is printed goes out before the end; connections that are still open do not hold it back.
process.stdout.write("", () => process.exit(status));
