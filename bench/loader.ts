// The process that makes the load. It is another than the one that starts the servers and does the sums.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer, Measured, Task } from "./load/task.ts";

const MAIN = fileURLToPath(new URL("load/main.ts", import.meta.url));

export class Loader {
  readonly #child: ChildProcess = fork(MAIN, { stdio: "inherit" });
  readonly #ended: Promise<never>;
  #answered: (answer: Answer) => void = () => {};

  constructor() {
    this.#child.on("message", (answer: Answer) => this.#answered(answer));
    this.#ended = once(this.#child, "exit").then(() => {
      throw new Error("the load process ended");
    });
    this.#ended.catch(() => {}); // in the end it should
  }

  /** One at a time. @throws what the load process met */
  async run(task: Task): Promise<Measured> {
    const answered = new Promise<Answer>((resolve) => {
      this.#answered = resolve;
    });
    this.#child.send(task);
    const answer = await Promise.race([answered, this.#ended]);
    if ("error" in answer) throw new Error(answer.error);
    return answer.measured;
  }

  stop(): void {
    this.#child.disconnect();
  }
}
