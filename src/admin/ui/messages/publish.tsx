// The button "Publish…", and the dialog that publishes a message to a topic.

import { useId, useState } from "preact/hooks";
import { errorText } from "../error-text.ts";
import { bytes, duration } from "../format.ts";
import { useModal } from "../modal.ts";
import { path, send } from "../request.ts";
import { toast } from "../toast.tsx";
import { parseDelay } from "./delay.ts";

interface PublishProps {
  readonly topic: string;
  readonly onPublished: () => void;
}

export function PublishButton(props: PublishProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Publish…
      </button>
      {isOpen && <PublishDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function PublishDialog({ topic, onPublished, onClose }: PublishProps & { onClose: () => void }) {
  const dialog = useModal();
  const id = useId();
  const [body, setBody] = useState("");
  const [delay, setDelay] = useState("");
  const [isKept, setKept] = useState(false);
  const [isBusy, setBusy] = useState(false);
  // Toasts are behind an open dialog.
  const [outcome, setOutcome] = useState<{ text: string; isError: boolean } | null>(null);
  const size = new TextEncoder().encode(body).length;
  const ms = parseDelay(delay);
  const isReady = size > 0 && ms !== null && !isBusy;

  const publish = async () => {
    if (!isReady) return;
    setBusy(true);
    try {
      await send("POST", `${path("message", topic)}${ms > 0 ? `?defer=${ms}` : ""}`, body);
      const text = `Published ${bytes(size)} to ${topic}${ms > 0 ? `, due in ${duration(ms)}` : ""}`;
      toast(text);
      setOutcome({ text, isError: false });
      onPublished();
      if (!isKept) dialog.current?.close();
    } catch (error) {
      setOutcome({ text: `Could not publish: ${errorText(error)}`, isError: true });
    } finally {
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} class="dialog publish" aria-labelledby={id} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void publish();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void publish();
        }}
      >
        <h2 id={id}>Publish to {topic}</h2>
        <div class="field">
          <label for={`${id}-body`}>Body</label>
          <textarea
            id={`${id}-body`}
            rows={8}
            value={body}
            onInput={(event) => setBody(event.currentTarget.value)}
            aria-describedby={`${id}-size`}
            autocapitalize="none"
            spellcheck={false}
          />
          <small id={`${id}-size`}>{bytes(size)}</small>
        </div>
        <DelayField value={delay} onInput={setDelay} isWrong={ms === null} />
        <label class="check">
          <input type="checkbox" checked={isKept} onChange={(event) => setKept(event.currentTarget.checked)} />
          Keep this open after publishing
        </label>
        <p class={outcome?.isError ? "field-error" : "published"} role="status">
          {outcome?.text}
        </p>
        <div class="dialog-buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
          <button type="submit" class="primary" disabled={!isReady} aria-busy={isBusy}>
            Publish
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface DelayFieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly isWrong: boolean;
}

function DelayField({ value, onInput, isWrong }: DelayFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Delay</label>
      <input
        id={id}
        value={value}
        placeholder="none"
        onInput={(event) => onInput(event.currentTarget.value)}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={isWrong}
        aria-describedby={`${id}-rule`}
      />
      <small id={`${id}-rule`} class={isWrong ? "field-error" : undefined}>
        {isWrong ? "Not a delay: write it like 10s, 5m or 1h30m" : "Such as 10s, 5m or 1h30m"}
      </small>
    </div>
  );
}
