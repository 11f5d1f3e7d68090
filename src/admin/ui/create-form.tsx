// Creates a topic, and a channel of it when one is named.

import { useId, useState } from "preact/hooks";
import { isValidName } from "../../protocol/names.ts";
import { create } from "./actions.ts";

interface CreateFormProps {
  /** Already known: then it asks for a channel alone. */
  readonly topic?: string;
  readonly onCreated: (topic: string) => void;
  readonly onCancel?: () => void;
}

const RULE = "1 to 64 letters, digits, dots, dashes and underscores, and may end in #ephemeral";

export function CreateForm({ topic: known, onCreated, onCancel }: CreateFormProps) {
  const [topic, setTopic] = useState(known ?? "");
  const [channel, setChannel] = useState("");
  const isChannelNeeded = known !== undefined;
  const isReady = isValidName(topic) && (channel === "" ? !isChannelNeeded : isValidName(channel));
  const onSubmit = async () => {
    if (!isReady || !(await create(topic, channel))) return;
    setTopic(known ?? "");
    setChannel("");
    onCreated(topic);
  };
  return (
    <form
      class="create-form"
      onSubmit={(event) => {
        event.preventDefault();
        void onSubmit();
      }}
    >
      {known === undefined && <NameField label="Topic" value={topic} onInput={setTopic} />}
      <NameField label={isChannelNeeded ? "Channel" : "Channel (optional)"} value={channel} onInput={setChannel} />
      <div class="dialog-buttons">
        {onCancel && (
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class="primary" disabled={!isReady}>
          Create
        </button>
      </div>
    </form>
  );
}

function NameField({ label, value, onInput }: { label: string; value: string; onInput: (value: string) => void }) {
  const isWrong = value !== "" && !isValidName(value);
  const id = useId();
  return (
    <div>
      <label class="field">
        <span>{label}</span>
        <input
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? id : undefined}
        />
      </label>
      {isWrong && (
        <small id={id} class="field-error">
          A name has {RULE}.
        </small>
      )}
    </div>
  );
}
