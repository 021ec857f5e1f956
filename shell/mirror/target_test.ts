import { assert, assertEquals, assertThrows } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { hostOf, readTarget } from "./target.ts";

const SAFE: [string, string][] = [
  ["libsql://notes-me.example.io", "libsql://notes-me.example.io"],
  [" LIBSQL://Notes.Example.IO/ ", "libsql://notes.example.io"],
  ["https://example.org:8443/erth/", "https://example.org:8443/erth"],
  ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
  ["http://127.0.0.1:443", "http://127.0.0.1:443"],
  ["http://localhost", "http://localhost"],
  ["http://notes.localhost:1", "http://notes.localhost:1"],
  ["http://[::1]:8080", "http://[::1]:8080"],
  ["http://127.1", "http://127.0.0.1"],
  ["libsql://127.0.0.1:8080?tls=0", "http://127.0.0.1:8080"],
  ["https://example.org/?a=b#c", "https://example.org"],
];

Deno.test("an address is kept as scheme, host and path", () => {
  for (const [given, url] of SAFE) assertEquals(readTarget({ url: given }), { url, token: "" });
});

Deno.test("what is secret in an address becomes the token, and leaves the address", () => {
  const read = (url: string, token?: string) => readTarget({ url, token });
  const expected = { url: "libsql://example.org", token: "s3cret" };
  assertEquals(read("libsql://example.org?authToken=s3cret"), expected);
  assertEquals(read("libsql://me:s3cret@example.org"), expected);
  assertEquals(read("libsql://me:other@example.org/?authToken=other", " s3cret\n"), expected);
});

Deno.test("other addresses are refused, with why", () => {
  const cases: [string, RegExp][] = [
    ["http://example.org", /without encryption/],
    ["http://127.0.0.1.example.org", /without encryption/],
    ["http://localhost.example.org", /without encryption/],
    ["http://[::2]", /without encryption/],
    ["libsql://example.org?tls=0", /without encryption/],
    ["wss://example.org", /^wss:/],
    ["file:///tmp/a.db", /file|no host/],
    ["javascript://example.org", /^javascript:/],
    ["example.org", /must start/],
    ["", /must start/],
    ["https://", /must start|no host/],
    ["https://exa mple.org", /no host/],
  ];
  for (const [url, seen] of cases) {
    const error = assertThrows(() => readTarget({ url }), ErthError);
    assertEquals(error.code, "MIRROR_URL", url);
    assert(seen.test(error.detail), error.detail);
  }
});

Deno.test("--force allows an unencrypted connection", () => {
  const target = readTarget({ url: "http://box.example.org:8080", force: true });
  assertEquals(target.url, "http://box.example.org:8080");
});

Deno.test("a refusal names neither token nor password", () => {
  for (const url of ["http://a:s3cret@example.org", "ftp://example.org?authToken=s3cret"]) {
    const { detail, message } = assertThrows(() => readTarget({ url }), ErthError);
    assert(!`${detail}${message}`.includes("s3cret"));
  }
  const broken = assertThrows(
    () => readTarget({ url: "https://a.example", token: "s3c ret" }),
    ErthError,
  );
  assertEquals([broken.code, broken.detail.includes("s3c")], ["MIRROR_AUTH", false]);
});

Deno.test("the host is what people call the remote", () => {
  assertEquals(hostOf("libsql://notes.example.io/x"), "notes.example.io");
  assertEquals(hostOf("http://127.0.0.1:8080"), "127.0.0.1:8080");
});
