// A V2 connection whose greeting is over.

import { Connection } from "./connection.ts";
import { checkType, FrameReader, type OnFrame } from "./frames.ts";
import type { Endpoint } from "./task.ts";

export class Session {
  readonly connection: Connection;
  /** Called with each frame behind the greeting. */
  onFrame: OnFrame = () => {};
  /** Called when all frames of a piece of the stream were seen. */
  onPause: () => void = () => {};
  /** Rejects when the connection is lost, or an error frame came. */
  readonly failed: Promise<never>;
  /** Gives it up. */
  readonly fail: (error: Error) => void;

  static async open({ url, greeting, replies }: Endpoint): Promise<Session> {
    const session = new Session(await Connection.open(url));
    const answered = session.#answered(replies);
    for (const command of greeting) {
      session.connection.write(session.connection.prepare(Buffer.from(command, "latin1")));
    }
    await Promise.race([answered, session.failed]);
    return session;
  }

  private constructor(connection: Connection) {
    this.connection = connection;
    let fail: (error: Error) => void = () => {};
    this.failed = new Promise((_resolve, reject) => {
      fail = reject;
    });
    this.fail = fail;
    this.failed.catch(() => {}); // whoever waits for something looks at it
    const reader = new FrameReader((buffer, at, end) => {
      checkType(buffer, at, end);
      this.onFrame(buffer, at, end);
    });
    connection.onLost = () => fail(new Error("connection lost"));
    connection.onData = (bytes) => {
      try {
        reader.push(bytes);
        this.onPause();
      } catch (error) {
        fail(error as Error);
      }
    };
  }

  close(): void {
    this.connection.close();
  }

  #answered(replies: number): Promise<void> {
    if (replies === 0) return Promise.resolve();
    return new Promise((resolve) => {
      let left = replies;
      this.onFrame = () => {
        if (--left === 0) resolve();
      };
    });
  }
}
