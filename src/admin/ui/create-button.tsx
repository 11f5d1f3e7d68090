// The button "New topic" or "New channel", and its dialog.

import { useId, useState } from "preact/hooks";
import { CreateForm } from "./create-form.tsx";
import { PlusIcon } from "./icons.tsx";
import { useModal } from "./modal.ts";

interface CreateButtonProps {
  /** Of which a channel is to be created. */
  readonly topic?: string;
  readonly onCreated: (topic: string) => void;
}

export function CreateButton({ topic, onCreated }: CreateButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const name = topic === undefined ? "New topic" : "New channel";
  const close = () => setOpen(false);
  return (
    <>
      <button type="button" class={topic === undefined ? "primary" : undefined} onClick={() => setOpen(true)}>
        <PlusIcon />
        {name}
      </button>
      {isOpen && (
        <CreateDialog
          title={topic === undefined ? name : `${name} of ${topic}`}
          {...(topic !== undefined && { topic })}
          onClose={close}
          onCreated={(created) => {
            close();
            onCreated(created);
          }}
        />
      )}
    </>
  );
}

function CreateDialog({ title, onClose, ...form }: CreateButtonProps & { title: string; onClose: () => void }) {
  const dialog = useModal();
  const id = useId();
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      <CreateForm {...form} onCancel={onClose} />
    </dialog>
  );
}
