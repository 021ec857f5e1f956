import { assertEquals } from "@std/assert";
import { findPaths, type Surroundings } from "./paths.ts";

const app = { name: "erth", title: "Erth" };

function around(
  os: Surroundings["os"],
  variables: Record<string, string>,
  folders: string[] = [],
): Surroundings {
  return {
    os,
    executable: "/media/stick/erth",
    environment: (name) => variables[name],
    isDirectory: (path) => folders.includes(path),
  };
}

Deno.test("erth-data beside the program makes it portable", () => {
  const here = around("linux", { HOME: "/home/a" }, ["/media/stick/erth-data"]);
  assertEquals(findPaths({ app, portable: false }, here), {
    data: "/media/stick/erth-data",
    cache: "/media/stick/erth-data/cache",
    logs: "/media/stick/erth-data/logs",
    portable: true,
  });
});

Deno.test("--portable asks for it; --data wins over all", () => {
  const here = around("linux", { HOME: "/home/a" }, ["/media/stick/erth-data"]);
  assertEquals(
    findPaths({ app, portable: true }, around("linux", {})).data,
    "/media/stick/erth-data",
  );
  assertEquals(findPaths({ app, data: "/d", portable: false }, here).data, "/d");
  assertEquals(findPaths({ app, data: "/d", portable: false }, here).portable, false);
});

Deno.test("on Linux the XDG folders count, relative ones don't", () => {
  const variables = { HOME: "/home/a", XDG_DATA_HOME: "/data", XDG_CACHE_HOME: "relative" };
  assertEquals(findPaths({ app, portable: false }, around("linux", variables)), {
    data: "/data/erth",
    cache: "/home/a/.cache/erth",
    logs: "/home/a/.local/state/erth/logs",
    portable: false,
  });
});

Deno.test("on macOS everything is under Library", () => {
  const found = findPaths({ app, portable: false }, around("darwin", { HOME: "/Users/a" }));
  assertEquals(found.data, "/Users/a/Library/Application Support/Erth");
  assertEquals(found.cache, "/Users/a/Library/Caches/Erth");
});
