import { assertEquals, assertThrows } from "@std/assert";
import { ErthError } from "../../../errors.ts";
import { followTo, readDownload, shownError, shownUrl } from "./target.ts";

const SUM = "a".repeat(64);

Deno.test("an address is understood as people have it", () => {
  const cases: [string, string, string, string][] = [
    ["https://a.example/x.gguf", "https://a.example/x.gguf", "x.gguf", ""],
    ["  a.example/x.gguf ", "https://a.example/x.gguf", "x.gguf", ""],
    [`https://a.example/x.gguf#sha256=${SUM}`, "https://a.example/x.gguf", "x.gguf", SUM],
    [
      "https://a.example/org/repo/blob/main/x.gguf",
      "https://a.example/org/repo/resolve/main/x.gguf",
      "x.gguf",
      "",
    ],
    [
      "https://a.example/x.gguf?download=true",
      "https://a.example/x.gguf?download=true",
      "x.gguf",
      "",
    ],
    ["https://a.example/files/7", "https://a.example/files/7", "7.gguf", ""],
    ["https://a.example/%2e%2e%2fx.gguf", "https://a.example/%2e%2e%2fx.gguf", "x.gguf", ""],
  ];
  for (const [text, url, name, sha256] of cases) {
    assertEquals(readDownload(text), { url, name, sha256 }, text);
  }
});

Deno.test("a redirect mustn't give up encryption, nor lead into this computer", () => {
  const from = new URL("https://a.example/x");
  assertEquals(followTo(from, "/y").href, "https://a.example/y");
  assertEquals(followTo(from, "https://b.example/y").href, "https://b.example/y");
  for (const to of ["http://a.example/x", "http://127.0.0.1/x", "file:///x", null, "https://"]) {
    assertThrows(() => followTo(from, to), ErthError, "", `${to}`);
  }
  const plain = new URL("http://a.example/x");
  assertEquals(followTo(plain, "http://b.example/").href, "http://b.example/");
  assertThrows(() => followTo(plain, "http://127.0.0.1:8080/"), ErthError);
});

Deno.test("what is shown of an address holds no secret", () => {
  assertEquals(shownUrl("https://me:pass@a.example/x%20y.gguf?key=1"), "a.example/x y.gguf");
  const words = "TypeError: error for url (https://me:pass@a.example/x.gguf?key=1): refused";
  assertEquals(shownError(words), "TypeError: error for url (a.example/x.gguf): refused");
});
