// Above a list of messages: search, how many, and again.

import { useState } from "preact/hooks";
import { SearchIcon } from "../icons.tsx";
import type { Messages } from "./use-messages.ts";

export const LIMITS = [25, 50, 100] as const;

interface MessageToolbarProps {
  readonly messages: Messages;
  readonly limit: number;
  readonly onLimit: (limit: number) => void;
}

export function MessageToolbar({ messages, limit, onLimit }: MessageToolbarProps) {
  const { wanted, isLoading, load } = messages;
  const [text, setText] = useState("");
  const onInput = (value: string) => {
    setText(value);
    if (value === "" && wanted.search !== "") load({ search: "" });
  };
  return (
    <div class="message-tools">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          load({ search: text });
        }}
      >
        <div class="search">
          <SearchIcon />
          <input
            type="search"
            aria-label="Search bodies on this page"
            placeholder="Search bodies on this page"
            value={text}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
        </div>
        <button type="submit">Search</button>
      </form>
      <label class="limit">
        <span>Per page</span>
        <select value={limit} onChange={(event) => onLimit(Number(event.currentTarget.value))}>
          {LIMITS.map((value) => (
            <option key={value} value={value}>
              {value}
            </option>
          ))}
        </select>
      </label>
      <button type="button" aria-busy={isLoading} onClick={() => load({})}>
        Refresh
      </button>
    </div>
  );
}
