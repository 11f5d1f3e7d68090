// A dialog that is open as long as it is there; afterwards the focus is where it was before.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return dialog;
}
