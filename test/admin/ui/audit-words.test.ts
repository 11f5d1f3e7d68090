// Actions of the audit trail in words.

import { describe, expect, it } from "vitest";
import { actionInWords, outcomeInWords } from "../../../src/admin/ui/audit-words.ts";

describe("actionInWords", () => {
  it.each([
    ["create_topic", "created topic"],
    ["create_channel", "created channel"],
    ["delete_topic", "deleted topic"],
    ["delete_channel", "deleted channel"],
    ["empty_topic", "emptied topic"],
    ["empty_channel", "emptied channel"],
    ["pause_topic", "paused topic"],
    ["pause_channel", "paused channel"],
    ["unpause_topic", "unpaused topic"],
    ["unpause_channel", "unpaused channel"],
    ["tombstone_topic_producer", "tombstoned topic"],
    ["publish_message", "published to"],
    ["finish_message", "finished a message of"],
    ["requeue_message", "requeued a message of"],
  ])("[PAGE1] %s is: %s", (action, words) => {
    expect(actionInWords(action)).toBe(words);
  });

  it("[PAGE1] shows an action that is new by its name", () => {
    expect(actionInWords("move_all_messages")).toBe("move all messages");
  });
});

describe("outcomeInWords", () => {
  it("[PAGE1] what is done is done", () => {
    expect(outcomeInWords({ outcome: "done" })).toEqual({ kind: "done", text: "Done" });
  });

  it("[PAGE1] a warning is done in part, and says what was not", () => {
    expect(outcomeInWords({ outcome: "WARNING: a:4151: no answer; b:4151: HTTP 500" })).toEqual({
      kind: "unknown",
      text: "Done in part: a:4151: no answer; b:4151: HTTP 500",
    });
  });

  it("[PAGE1] of what is under way, or was cut off, nothing is known", () => {
    expect(outcomeInWords({ outcome: "" })).toEqual({ kind: "unknown", text: "Not known" });
  });

  it("[PAGE1] an error failed, and is named", () => {
    expect(outcomeInWords({ outcome: "TOPIC_NOT_FOUND" })).toEqual({ kind: "failed", text: "TOPIC_NOT_FOUND" });
  });
});
