// Tabs, with the keys that they have everywhere.

import { useRef } from "preact/hooks";
import { count } from "../format.ts";

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly label: string;
  /** Null when that is not known. */
  readonly count: number | null;
}

interface TabsProps<Id extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<Id>[];
  readonly selected: Id;
  readonly panelId: string;
  readonly onSelect: (id: Id) => void;
}

/** The id of a tab, by which its panel is labelled. */
export function tabId(panelId: string, id: string): string {
  return `${panelId}-${id}`;
}

export function Tabs<Id extends string>({ label, tabs, selected, panelId, onSelect }: TabsProps<Id>) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ id }) => id === selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = (to + tabs.length) % tabs.length;
    const tab = tabs[index];
    if (tab) onSelect(tab.id);
    (list.current?.children[index] as HTMLElement | undefined)?.focus();
  };
  return (
    <div ref={list} class="tabs" role="tablist" aria-label={label}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={tabId(panelId, tab.id)}
          aria-selected={tab.id === selected}
          aria-controls={panelId}
          tabIndex={tab.id === selected ? 0 : -1}
          onClick={() => onSelect(tab.id)}
          onKeyDown={onKeyDown}
        >
          {tab.label} {tab.count !== null && <span class="badge">{count(tab.count)}</span>}
        </button>
      ))}
    </div>
  );
}
