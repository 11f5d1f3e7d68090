// The icons: lines in the colour of the text around them. What they mean is always said in words, too.

import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const PauseIcon = () => (
  <Icon>
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </Icon>
);

export const PlayIcon = () => (
  <Icon>
    <path d="M5 3.2v9.6L12.5 8z" />
  </Icon>
);

export const EmptyIcon = () => (
  <Icon>
    <path d="M2.5 9.5 4.3 4h7.4l1.8 5.5v3h-11zM2.5 9.5h3l1 1.5h3l1-1.5h3" />
  </Icon>
);

export const DeleteIcon = () => (
  <Icon>
    <path d="M2.8 4.5h10.4M6.3 4.5v-2h3.4v2M4.3 4.5l.6 9h6.2l.6-9M6.8 7v4M9.2 7v4" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M8 3v10M3 8h10" />
  </Icon>
);

export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4" />
    <path d="m10 10 3.5 3.5" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon>
    <path d="M6 5.5h7v8H6zM10 5.5v-3H3v8h3" />
  </Icon>
);

export const CheckIcon = () => (
  <Icon>
    <path d="m3 8.5 3.2 3.2L13 4.8" />
  </Icon>
);

export const TombstoneIcon = () => (
  <Icon>
    <path d="M4 13V6.5a4 4 0 0 1 8 0V13M2.5 13.5h11M6.3 7.5h3.4M8 5.8v4.4" />
  </Icon>
);

export const WarningIcon = () => (
  <Icon>
    <path d="M8 2.2 14.5 13.5h-13zM8 6.5v3.2M8 11.4v.6" />
  </Icon>
);

export const UserIcon = () => (
  <Icon>
    <circle cx="8" cy="5.2" r="2.7" />
    <path d="M2.8 13.5c.6-3 2.6-4.3 5.2-4.3s4.6 1.3 5.2 4.3" />
  </Icon>
);

/** The theme's: a screen for the system's, the sun, the moon. */
export const ThemeIcon = ({ theme }: { theme: "system" | "light" | "dark" }) => (
  <Icon>
    {theme === "system" && <path d="M2 3h12v8H2zM5.5 13.5h5M8 11v2.5" />}
    {theme === "light" && (
      <>
        <circle cx="8" cy="8" r="2.8" />
        <path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1" />
      </>
    )}
    {theme === "dark" && <path d="M13.5 9.7A6 6 0 0 1 6.3 2.5a6 6 0 1 0 7.2 7.2z" />}
  </Icon>
);

export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="7" />
    <path d="M7 9h11M7 16h18M7 23h7" />
    <circle cx="24" cy="9" r="2.5" />
    <circle cx="20" cy="23" r="2.5" />
  </svg>
);
