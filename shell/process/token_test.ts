import { assert, assertEquals, assertMatch } from "@std/assert";
import { extractTimestamp } from "@std/uuid/v7";
import { equalConstantTime, mintToken, proof } from "./token.ts";

Deno.test("a token is a dated UUIDv7, a dot and 32 random bytes", () => {
  const before = Date.now();
  const { id, secret, text } = mintToken();
  assertMatch(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert(extractTimestamp(id) >= before && extractTimestamp(id) <= Date.now());
  assertMatch(secret, /^[A-Za-z0-9_-]{43}$/); // 32 bytes
  assertEquals(text, `${id}.${secret}`);
});

Deno.test("a thousand tokens are a thousand different ones", () => {
  const tokens = Array.from({ length: 1000 }, mintToken);
  assertEquals(new Set(tokens.map((t) => t.id)).size, 1000);
  assertEquals(new Set(tokens.map((t) => t.secret)).size, 1000);
});

Deno.test("comparison sees any difference, of length too", () => {
  assert(equalConstantTime("secret", "secret"));
  assert(equalConstantTime("", ""));
  assert(!equalConstantTime("secret", "secreT"));
  assert(!equalConstantTime("secret", "secrets"));
  assert(!equalConstantTime("é", "e"));
});

Deno.test("the proof is HMAC-SHA256 (RFC 4231, test case 2)", () => {
  assertEquals(
    proof("Jefe", "what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});
