// A body as JSON, text or hexadecimal; a long one a step at a time, so that no browser is choked. It is only ever text to the page.

import { useMemo, useState } from "preact/hooks";
import { bytes as size } from "../format.ts";
import { type BodyKind, guessKind, hexDump, looseText } from "./body.ts";
import { isJson, type JsonToken, layOutJson } from "./json-tokens.ts";

const KINDS: readonly [BodyKind, string][] = [
  ["json", "JSON"],
  ["text", "Text"],
  ["hex", "Hex"],
];
/** So many characters are shown, and so many more each time. */
const STEP = 64 * 1024;
/** A line of hexadecimal is five times as long as the bytes in it. */
const HEX_STEP = 12 * 1024;

interface BodyViewProps {
  /** Of what. */
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}

export function BodyView({ label: name, bytes, isWhole }: BodyViewProps) {
  const [chosen, setChosen] = useState<BodyKind | null>(null);
  const guess = useMemo(() => guessKind(bytes, isWhole), [bytes, isWhole]);
  const text = useMemo(() => looseText(bytes, isWhole), [bytes, isWhole]);
  const hasJson = useMemo(() => guess === "json" || isJson(text), [guess, text]);
  const kind = chosen ?? guess;
  return (
    <div class="body-view">
      {/* biome-ignore lint/a11y/useSemanticElements: buttons are no fields */}
      <div class="segments" role="group" aria-label="Show the body as">
        {KINDS.map(([value, label]) => (
          <button
            key={value}
            type="button"
            aria-pressed={kind === value}
            disabled={value === "json" && !hasJson}
            title={value === "json" && !hasJson ? `Not JSON${isWhole ? "" : " as far as it is loaded"}` : undefined}
            onClick={() => setChosen(value)}
          >
            {label}
          </button>
        ))}
      </div>
      <Content key={`${kind} ${bytes.length}`} label={name} kind={kind} bytes={bytes} text={text} />
    </div>
  );
}

interface ContentProps {
  readonly label: string;
  readonly kind: BodyKind;
  readonly bytes: Uint8Array;
  readonly text: string;
}

function Content({ label, kind, bytes, text }: ContentProps) {
  const [steps, setSteps] = useState(1);
  const shown = useMemo(() => show(kind, bytes, text, steps), [kind, bytes, text, steps]);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <section class="body" tabIndex={0} aria-label={label}>
        <pre class={kind === "hex" ? undefined : "wraps"}>{shown.content}</pre>
      </section>
      {shown.isCut && (
        <button type="button" onClick={() => setSteps(steps + 1)}>
          Show more of {size(bytes.length)}
        </button>
      )}
    </>
  );
}

function show(kind: BodyKind, bytes: Uint8Array, text: string, steps: number) {
  if (kind === "hex") {
    return { content: hexDump(bytes, steps * HEX_STEP), isCut: steps * HEX_STEP < bytes.length };
  }
  if (kind === "json") {
    const { tokens, isCut } = layOutJson(text, steps * STEP);
    return { content: tokens.map(Token), isCut };
  }
  return { content: text.slice(0, steps * STEP), isCut: steps * STEP < text.length };
}

function Token({ kind, text }: JsonToken) {
  return kind === "mark" ? text : <span class={`json-${kind}`}>{text}</span>;
}
