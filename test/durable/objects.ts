// What tests do to an object itself.

import { runInDurableObject } from "cloudflare:test";
import type { channelStub, topicStub } from "./broker-api.ts";

export type Stub = ReturnType<typeof topicStub> | ReturnType<typeof channelStub>;

/** When the alarm rings, ms; null when none is set. */
export function alarmOf(stub: Stub): Promise<number | null> {
  return runInDurableObject(stub as DurableObjectStub, (_, { storage }) => storage.getAlarm());
}

/** Ends an object's life in the middle of whatever it does. */
export async function kill(stub: Stub): Promise<void> {
  await runInDurableObject(stub as DurableObjectStub, (_, state) => state.abort("killed")).catch(() => {});
}

/** The only row of a table. */
export function rowOf(stub: Stub, statement: string): Promise<Record<string, SqlStorageValue>> {
  return runInDurableObject(stub as DurableObjectStub, (_, { storage }) => storage.sql.exec(statement).one());
}

/** Marks the object as it lives now: whether it still lives can be asked. */
export async function mark(stub: Stub): Promise<() => Promise<boolean>> {
  await runInDurableObject(stub as DurableObjectStub, (instance) => Object.assign(instance, { isMarked: true }));
  return () => runInDurableObject(stub as DurableObjectStub, (instance) => "isMarked" in instance);
}
