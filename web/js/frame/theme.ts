/// <reference lib="dom" />
const THEMES = ["auto", "light", "dark"] as const;
const YEAR_S = 31_536_000;

export type Theme = typeof THEMES[number];

/** The theme that was chosen, as the cookies have it; `auto`, the system's, if none was. */
export function themeIn(cookies: string): Theme {
  const chosen = /(?:^|;\s*)erth_theme=(\w+)/.exec(cookies)?.[1];
  return THEMES.find((theme) => theme === chosen) ?? "auto";
}

/** The one after it, round and round. */
export function themeAfter(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
}

/** Shows the theme that was chosen, and the next one at each click on its button. */
export function startTheme(): void {
  let theme = themeIn(document.cookie);
  show(theme);
  document.addEventListener("click", ({ target }) => {
    if (!(target as Element).closest("#theme")) return;
    theme = themeAfter(theme);
    show(theme);
  });
}

// In a cookie, as each start may have another port and so another localStorage.
function show(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  document.cookie = `erth_theme=${theme}; path=/; max-age=${YEAR_S}; samesite=strict`;
}
