// Pauses a topic or channel, or lets it go on.

import { ActionButton } from "./action-button.tsx";
import { PauseIcon, PlayIcon } from "./icons.tsx";

export function PauseButton({ isPaused, onAction }: { isPaused: boolean; onAction: () => Promise<unknown> }) {
  return (
    <ActionButton onAction={onAction}>
      {isPaused ? <PlayIcon /> : <PauseIcon />}
      {isPaused ? "Unpause" : "Pause"}
    </ActionButton>
  );
}
