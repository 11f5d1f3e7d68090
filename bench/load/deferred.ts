// Many deferred messages that fall due together.

import { withSize } from "./commands.ts";
import { Consumer } from "./consumer.ts";
import { Meter } from "./meter.ts";
import { Session } from "./session.ts";
import type { Measured, Of } from "./task.ts";

const PER_WRITE = 100;
/** Commands that may be unanswered. */
const OPEN = 5_000;

export async function deferred(task: Of<"deferred">): Promise<Measured> {
  const dueAt = Date.now() + task.delayMs;
  await publishDeferred(task, dueAt);
  if (Date.now() >= dueAt) throw new Error("deferred messages fell due before all were published");
  const consumer = await Consumer.open(task.consumer);
  const all = new Promise<void>((resolve) => {
    consumer.onProgress = () => {
      if (consumer.count >= task.messages) resolve();
    };
  });
  consumer.start();
  await new Promise((resolve) => setTimeout(resolve, dueAt - Date.now()));
  if (consumer.count > 0) throw new Error(`${consumer.count} deferred messages came early`);
  const meter = new Meter(task.server);
  await Promise.race([all, consumer.failed]);
  const measured = meter.rate(task.messages);
  await consumer.leave();
  return measured;
}

async function publishDeferred({ producer, topic, size, messages }: Of<"deferred">, dueAt: number): Promise<void> {
  const session = await Session.open(producer);
  const body = Buffer.alloc(size, "x");
  let sent = 0;
  let answered = 0;
  const all = new Promise<void>((resolve) => {
    session.onFrame = () => {
      answered++;
    };
    session.onPause = () => {
      if (answered === messages) resolve();
      while (sent < messages && sent - answered < OPEN) {
        const command = withSize(`DPUB ${topic} ${dueAt - Date.now()}\n`, body);
        session.connection.write(session.connection.prepare(Buffer.concat(Array(PER_WRITE).fill(command))));
        sent += PER_WRITE;
      }
    };
  });
  session.onPause();
  await Promise.race([all, session.failed]);
  session.close();
}
