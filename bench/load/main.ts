// The load process: does what its parent sends it, one task after the other, and says what came of it.

import { deferred } from "./deferred.ts";
import { consume, flow, publish } from "./flow.ts";
import { http } from "./http.ts";
import { latency } from "./latency.ts";
import type { Answer, Measured, Task } from "./task.ts";

process.on("message", (task: Task) => {
  void perform(task)
    .then(
      (measured): Answer => ({ measured }),
      (error: Error): Answer => ({ error: `${task.kind}: ${error.message}` }),
    )
    .then((answer) => process.send?.(answer));
});

function perform(task: Task): Promise<Measured> {
  switch (task.kind) {
    case "http":
      return http(task);
    case "publish":
      return publish(task);
    case "consume":
      return consume(task);
    case "flow":
      return flow(task);
    case "latency":
      return latency(task);
    case "deferred":
      return deferred(task);
  }
}
