import { assertEquals } from "@std/assert";
import { themeAfter, themeIn } from "./theme.ts";

Deno.test("the chosen theme is found among other cookies", () => {
  assertEquals(themeIn("a=1; erth_theme=dark; b=2"), "dark");
  assertEquals(themeIn("erth_theme=light"), "light");
});

Deno.test("without a choice that is known, the theme is the system's", () => {
  for (const cookies of ["", "erth_theme=", "erth_theme=pink", "my_erth_theme=dark"]) {
    assertEquals(themeIn(cookies), "auto", cookies);
  }
});

Deno.test("the themes go round", () => {
  assertEquals(themeAfter("auto"), "light");
  assertEquals(themeAfter("light"), "dark");
  assertEquals(themeAfter("dark"), "auto");
});
