// What ends a process when this one is gone, whatever ended it: of a SIGKILL nobody hears, but the kernel closes our end of a pipe.

import { type ChildProcess, spawn } from "node:child_process";

/** A line says that all is well; the end of the pipe without one, that nobody is there any more. */
const WATCH = 'read -r line || kill -9 "$0"';

export class Leash {
  readonly #pid: number;
  #watcher: ChildProcess;
  #isReleased = false;

  /** @param pid of a child of this process */
  constructor(pid: number) {
    this.#pid = pid;
    this.#watcher = this.#watch();
  }

  /** When the child has ended: its number may soon be another's. */
  release(): void {
    this.#isReleased = true;
    this.#watcher.stdin?.end("\n");
  }

  #watch(): ChildProcess {
    const watcher = spawn("/bin/sh", ["-c", WATCH, `${this.#pid}`], {
      stdio: ["pipe", "ignore", "ignore"],
      env: {},
      // What is sent to the whole group of this process must not reach it.
      detached: true,
    });
    watcher.stdin.on("error", () => {}); // it was killed, and another takes its place
    watcher.once("exit", () => {
      if (!this.#isReleased) this.#watcher = this.#watch();
    });
    return watcher;
  }
}
