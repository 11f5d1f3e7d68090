// What is at the top of every page: the name, the way to the other pages, who has signed in, the version, and the choice of a theme.

import { Mark, ThemeIcon } from "./icons.tsx";
import { info } from "./info.ts";
import { route } from "./navigation.ts";
import { BASE, type Route } from "./router.ts";
import { nextTheme, type Theme, theme } from "./theme.ts";

const PAGES: readonly { label: string; href: string; pages: readonly Route["page"][] }[] = [
  { label: "Topics", href: BASE, pages: ["topics", "topic", "channel"] },
  { label: "Nodes", href: `${BASE}nodes`, pages: ["nodes", "node"] },
  { label: "Lookup", href: `${BASE}lookup`, pages: ["lookup"] },
  { label: "Counter", href: `${BASE}counter`, pages: ["counter"] },
  { label: "Audit", href: `${BASE}audit`, pages: ["audit"] },
];

const THEME_NAMES: Readonly<Record<Theme, string>> = { system: "System", light: "Light", dark: "Dark" };

export function Header() {
  const { page } = route.value;
  return (
    <header class="header">
      <a class="skip" href="#content">
        Skip to content
      </a>
      <a class="brand" href={BASE}>
        <Mark />
        nsq-edge
      </a>
      <nav class="nav" aria-label="Pages">
        {PAGES.map(({ label, href, pages }) => (
          <a key={label} href={href} aria-current={current(pages, page)}>
            {label}
          </a>
        ))}
      </nav>
      {info.value?.identity && <Account name={info.value.identity} />}
      {info.value && <span class="version">v{info.value.version.replace(/^v/, "")}</span>}
      <button
        type="button"
        class="quiet theme"
        aria-label={`Theme: ${THEME_NAMES[theme.value]}`}
        title={`Theme: ${THEME_NAMES[theme.value]}`}
        onClick={nextTheme}
      >
        <ThemeIcon theme={theme.value} />
      </button>
    </header>
  );
}

/** The way out is a form: a link would be followed by whatever reads ahead. */
function Account({ name }: { name: string }) {
  return (
    <form class="account" method="post" action={`${BASE}logout`}>
      <span class="unseen">Signed in as </span>
      <span title={name}>{name}</span>
      <button type="submit" class="quiet">
        Sign out
      </button>
    </form>
  );
}

/** A topic's page lies below that of the topics. */
function current(pages: readonly Route["page"][], page: Route["page"]): "page" | "true" | undefined {
  if (!pages.includes(page)) return undefined;
  return page === pages[0] ? "page" : "true";
}
