// A line of shell to be copied.

import { useState } from "preact/hooks";
import { CheckIcon, CopyIcon } from "./icons.tsx";
import { toast } from "./toast.tsx";

export function CopyLine({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const onCopy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      // Without HTTPS a page has no clipboard.
      toast("The browser does not let this page copy: select the text instead", true);
    }
  };
  return (
    <div class="copy-line">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <code tabIndex={0}>{text}</code>
      <button type="button" class="quiet" aria-label={isCopied ? "Copied" : "Copy"} onClick={() => void onCopy()}>
        {isCopied ? <CheckIcon /> : <CopyIcon />}
      </button>
    </div>
  );
}
