// Asks before something is lost.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { useModal } from "./modal.ts";

export interface Question {
  readonly title: string;
  /** What will be lost, in words. */
  readonly text: string;
  /** On the button that does it. */
  readonly action: string;
  /** Must be typed first. */
  readonly name?: string;
}

interface Asked extends Question {
  readonly answer: (isConfirmed: boolean) => void;
}

const asked = signal<Asked | null>(null);

/** Whether the user wants it. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (isConfirmed) => {
        asked.value = null;
        resolve(isConfirmed);
      },
    };
  });
}

export function ConfirmDialog() {
  const question = asked.value;
  return question && <Dialog key={question.title} {...question} />;
}

function Dialog({ title, text, action, name, answer }: Asked) {
  const dialog = useModal();
  const [typed, setTyped] = useState("");
  const isReady = name === undefined || typed === name;
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="confirm-title" onClose={() => answer(false)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) answer(true);
        }}
      >
        <h2 id="confirm-title">{title}</h2>
        <p>{text}</p>
        {name !== undefined && (
          <label class="field">
            <span>
              Type <code>{name}</code> to confirm
            </span>
            <input
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
              autocomplete="off"
              spellcheck={false}
            />
          </label>
        )}
        <div class="dialog-buttons">
          <button type="button" onClick={() => answer(false)}>
            Keep it
          </button>
          <button type="submit" class="danger" disabled={!isReady}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
