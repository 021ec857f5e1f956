/** What stands elsewhere in the source tree than in the program; the rest a build makes. */
const SOURCES: Record<string, string> = {
  "app.json": "../app.json",
  "errors.json": "../errors.json",
  "migrations/": "../db/migrations/",
};

/**
 * Where something lies that travels inside the program: `migrations/`, `site/`, `payload/`,
 * `app.json`, `errors.json`, `build_info.json`. In the program each entry point is one file beside
 * the folder `embed`; from the sources it is what the last build left.
 */
export function embedded(name: string): URL {
  if (Deno.build.standalone) return new URL(`./embed/${name}`, import.meta.url);
  return new URL(SOURCES[name] ?? `../build/embed/${name}`, import.meta.url);
}
