// What went wrong with a request, in words.

import { ApiError, Unreachable } from "./request.ts";

const WORDS: Readonly<Record<string, string>> = {
  TOPIC_NOT_FOUND: "there is no such topic any more",
  CHANNEL_NOT_FOUND: "there is no such channel any more",
  MESSAGE_NOT_FOUND: "the message is not there any more",
  TOO_MANY_MESSAGES: "too many messages are out of turn; consumers must catch up first",
  NODE_NOT_FOUND: "there is no such node",
  FORBIDDEN: "you may not do that",
  AUTH_UNAVAILABLE: "who you are cannot be found out now",
  TOO_MANY_REQUESTS: "too many attempts; wait a minute",
  INVALID_TOPIC: "this is no valid topic name",
  INVALID_CHANNEL: "this is no valid channel name",
  INVALID_DEFER: "the delay is longer than the broker allows",
  MSG_EMPTY: "a message must not be empty",
  MSG_TOO_BIG: "the message is bigger than the broker allows",
  TOPIC_FULL: "the topic is full",
  STORAGE_FULL: "the storage is full",
};

export function errorText(error: unknown): string {
  if (error instanceof DOMException) return "the broker did not answer in time";
  if (error instanceof ApiError) return WORDS[error.message] ?? error.message;
  return error instanceof Unreachable ? error.message : "something went wrong in this page";
}
