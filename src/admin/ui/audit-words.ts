// Actions of the audit trail in words.

import type { AuditEntry } from "../api.ts";

const WORDS: Readonly<Record<string, string>> = {
  create_topic: "created topic",
  create_channel: "created channel",
  delete_topic: "deleted topic",
  delete_channel: "deleted channel",
  empty_topic: "emptied topic",
  empty_channel: "emptied channel",
  pause_topic: "paused topic",
  pause_channel: "paused channel",
  unpause_topic: "unpaused topic",
  unpause_channel: "unpaused channel",
  tombstone_topic_producer: "tombstoned topic",
  publish_message: "published to",
  finish_message: "finished a message of",
  requeue_message: "requeued a message of",
};

/** What was done; what it was done to follows it. An action that is new here is shown by its name. */
export function actionInWords(action: string): string {
  return WORDS[action] ?? action.replaceAll("_", " ");
}

export type Outcome = { readonly kind: "done" | "unknown" | "failed"; readonly text: string };

export function outcomeInWords({ outcome }: Pick<AuditEntry, "outcome">): Outcome {
  if (outcome === "done") return { kind: "done", text: "Done" };
  // Some nodes could not be reached, as it says.
  if (outcome.startsWith("WARNING"))
    return { kind: "unknown", text: `Done in part: ${outcome.replace("WARNING: ", "")}` };
  return outcome === "" ? { kind: "unknown", text: "Not known" } : { kind: "failed", text: outcome };
}
