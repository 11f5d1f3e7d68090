// A button that does something which takes a moment: meanwhile it cannot be pressed again.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface ActionButtonProps {
  readonly onAction: () => Promise<unknown>;
  readonly class?: string;
  /** Its name, where it shows an icon alone. */
  readonly label?: string;
  readonly children: ComponentChildren;
}

export function ActionButton({ onAction, label, children, ...props }: ActionButtonProps) {
  const [isBusy, setBusy] = useState(false);
  const onClick = () => {
    if (isBusy) return;
    setBusy(true);
    void onAction().finally(() => setBusy(false));
  };
  return (
    <button type="button" class={props.class} aria-label={label} title={label} aria-busy={isBusy} onClick={onClick}>
      {children}
    </button>
  );
}
