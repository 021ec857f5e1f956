/**
 * Puts the page together: the frame, one style sheet, one script of ours beside htmx, one sprite.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import normalize from "modern-normalize/modern-normalize.css" with { type: "text" };
import iconLicense from "heroicons/LICENSE" with { type: "text" };
import { bundlePage } from "./bundle.ts";

const STYLES = [
  "base",
  "frame",
  "parts",
  "sheets",
  "notes",
  "conflicts",
  "chat",
  "chat_parts",
  "chat_acts",
  "status",
  "mirror",
  "models",
  "library",
];

/** Our name for an icon → its name among the 24 px outlines of heroicons. */
const ICONS: Record<string, string> = {
  back: "arrow-left",
  chat: "chat-bubble-left-right",
  close: "x-mark",
  attach: "paper-clip",
  copy: "clipboard",
  down: "arrow-down",
  download: "arrow-down-tray",
  edit: "pencil",
  file: "document",
  private: "eye-slash",
  settings: "adjustments-horizontal",
  star: "star",
  undo: "arrow-uturn-left",
  upload: "arrow-up-tray",
  compose: "pencil-square",
  dark: "moon",
  go: "arrow-right",
  help: "question-mark-circle",
  light: "sun",
  library: "book-open",
  mirror: "arrows-right-left",
  models: "cpu-chip",
  note: "document-text",
  auto: "computer-desktop",
  pin: "bookmark",
  read: "eye",
  redo: "arrow-path",
  search: "magnifying-glass",
  send: "arrow-up",
  stop: "stop",
  tag: "tag",
  trash: "trash",
  versions: "document-duplicate",
  warning: "exclamation-triangle",
};

/**
 * Writes the whole site: `index.html` and `assets/` with `app.css`, `app.js`, `htmx.min.js`,
 * `icons.svg` and `icon.svg`. What stands at those paths is overwritten.
 *
 * @param outDir A folder to write to; made if it isn't there.
 */
export async function collectAssets(outDir: string): Promise<void> {
  const web = new URL("../../web/", import.meta.url);
  const read = (name: string) => Deno.readTextFile(new URL(name, web));
  const styles = await Promise.all(STYLES.map((name) => read(`css/${name}.css`)));
  const files: Record<string, string> = {
    "index.html": await read("index.html"),
    "assets/app.css": [normalize, ...styles].join("\n"),
    "assets/htmx.min.js": htmx,
    "assets/icon.svg": await read("icon.svg"),
    "assets/icons.svg": await sprite(),
  };
  await Deno.mkdir(`${outDir}/assets`, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${outDir}/${name}`, text);
  }
  await bundlePage(fileURLToPath(new URL("js/main.ts", web)), `${outDir}/assets/app.js`);
}

async function sprite(): Promise<string> {
  const symbols = await Promise.all(
    Object.entries(ICONS).map(async ([name, source]) => {
      const path = `heroicons/24/outline/${source}.svg`;
      const { default: svg }: { default: string } = await import(path, { with: { type: "text" } });
      const shapes = svg.replace(/^[\s\S]*?<svg[^>]*>|<\/svg>[\s\S]*$/g, "").trim();
      return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg"><!--
${iconLicense}-->
${symbols.join("\n")}
</svg>
`;
}
