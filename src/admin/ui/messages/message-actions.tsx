// What can be done with a message: copy it, save it, and, in a channel, finish or requeue it in a consumer's stead.

import type { MessageView } from "../../api.ts";
import { ActionButton } from "../action-button.tsx";
import { confirm } from "../confirm.tsx";
import { needsToken } from "../info.ts";
import { path, send } from "../request.ts";
import { toast, toastError } from "../toast.tsx";
import { guessKind, toBase64, utf8 } from "./body.ts";
import { copy } from "./clipboard.ts";
import { curlCommand } from "./curl.ts";
import { bodyUrl, type Place } from "./place.ts";
import type { Body } from "./use-body.ts";

interface MessageActionsProps {
  readonly place: Place;
  readonly message: MessageView;
  readonly body: Body;
  readonly isDeferred: boolean;
  readonly isAdmin: boolean;
  readonly onChanged: () => void;
}

const EXTENSIONS = { json: "json", text: "txt", hex: "bin" } as const;

export function MessageActions({ place, message, body, isDeferred, isAdmin, onChanged }: MessageActionsProps) {
  const { channel } = place;
  const onFinish = async () => {
    if (channel !== null && (await isSure(channel, message, isDeferred))) {
      await intervene(place, message, "finish", isDeferred ? "cancelled" : "finished", onChanged);
    }
  };
  const onRequeue = () => intervene(place, message, "requeue", isDeferred ? "released" : "requeued", onChanged);
  return (
    <div class="message-actions">
      <ActionButton onAction={() => copyCurl(place, message, body)}>Copy as curl</ActionButton>
      <ActionButton onAction={() => copyBody(body)}>Copy body</ActionButton>
      <ActionButton onAction={() => download(place, message, body)}>Download</ActionButton>
      {isAdmin && channel !== null && (
        <>
          <ActionButton onAction={onRequeue}>{isDeferred ? "Release" : "Requeue now"}</ActionButton>
          <ActionButton class="danger-quiet" onAction={onFinish}>
            {isDeferred ? "Cancel" : "Finish"}
          </ActionButton>
        </>
      )}
    </div>
  );
}

function isSure(channel: string, { id }: MessageView, isDeferred: boolean): Promise<boolean> {
  return confirm({
    title: `${isDeferred ? "Cancel" : "Finish"} message ${id}?`,
    text: `Message ${id} will be dropped from channel ${channel}.`,
    action: isDeferred ? "Cancel message" : "Finish message",
  });
}

async function intervene(
  { topic, channel }: Place,
  { id, due }: MessageView,
  action: "finish" | "requeue",
  done: string,
  onChanged: () => void,
): Promise<void> {
  try {
    await send("POST", path("message", topic, channel ?? "", id), { action, ...(due !== null && { due }) });
    toast(`Message ${id} is ${done}`);
  } catch (error) {
    toastError(`Could not ${action} message ${id}`, error);
  }
  // Also when it failed: then most likely the message is no longer where it was shown.
  onChanged();
}

function copyCurl(place: Place, message: MessageView, { bytes, isWhole }: Body): Promise<void> {
  const command = curlCommand({
    publishUrl: `${location.origin}/pub?topic=${encodeURIComponent(place.topic)}`,
    bodyUrl: location.origin + bodyUrl(place, message),
    body: isWhole ? bytes : null,
    needsToken: needsToken(),
  });
  return copy(command, "Command");
}

async function copyBody(body: Body): Promise<void> {
  const bytes = await body.load();
  if (bytes === null) return;
  const text = utf8(bytes, true);
  await copy(text ?? toBase64(bytes), text === null ? "Body (base64)" : "Body");
}

async function download({ topic }: Place, { id }: MessageView, body: Body): Promise<void> {
  const bytes = await body.load();
  if (bytes === null) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = `${topic}-${id}.${EXTENSIONS[guessKind(bytes, true)]}`;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
