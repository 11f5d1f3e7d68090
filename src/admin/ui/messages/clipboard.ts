// Puts text into the clipboard and says whether it is there.

import { toast } from "../toast.tsx";

export async function copy(text: string, what: string): Promise<void> {
  const isCopied = (await write(text)) || writeByHand(text);
  if (isCopied) toast(`${what} copied`);
  else toast("The browser does not let this page copy: select the text instead", true);
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // without HTTPS there is no clipboard; or the user said no
  }
}

function writeByHand(text: string): boolean {
  const field = document.createElement("textarea");
  field.className = "unseen";
  field.value = text;
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return isCopied;
}
