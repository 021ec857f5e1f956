import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ErthError } from "../../../errors.ts";
import { readGguf } from "./gguf.ts";

const [U32, STRING, ARRAY, U64] = [4, 8, 9, 10];
const F16 = 1;

/** Bytes of numbers and texts, as the format has them. */
class Writer {
  #bytes: number[] = [];

  u32(value: number): this {
    return this.#number(value, 4);
  }

  u64(value: number | bigint): this {
    return this.#number(value, 8);
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.u64(bytes.length).#bytes.push(...bytes);
    return this;
  }

  raw(value: string): this {
    this.#bytes.push(...new TextEncoder().encode(value));
    return this;
  }

  /** Zeros up to a length that `alignment` divides, and so many more. */
  zeros(alignment: number, more = 0): this {
    while (this.#bytes.length % alignment !== 0) this.#bytes.push(0);
    for (let left = more; left > 0; left--) this.#bytes.push(0);
    return this;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#bytes);
  }

  #number(value: number | bigint, width: number): this {
    for (let byte = 0; byte < width; byte++) {
      this.#bytes.push(Number((BigInt(value) >> BigInt(8 * byte)) & 255n));
    }
    return this;
  }
}

const start = (tensors: number | bigint, keys: number | bigint, version = 3) =>
  new Writer().raw("GGUF").u32(version).u64(tensors).u64(keys);

const text = (to: Writer, key: string, value: string) => to.text(key).u32(STRING).text(value);
const number = (to: Writer, key: string, value: number) => to.text(key).u32(U32).u32(value);

async function reading(bytes: Uint8Array) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    return await readGguf(path);
  } finally {
    await Deno.remove(path);
  }
}

async function refused(bytes: Uint8Array): Promise<{ code: string; detail: string }> {
  return await assertRejects(() => reading(bytes), ErthError);
}

/** A model of two layers and one tensor. */
function model(weights = 4 * 8 * 2): Uint8Array {
  const to = start(1, 10);
  text(to, "general.architecture", "llama");
  text(to, "general.name", "Little");
  number(to, "general.file_type", 15);
  number(to, "llama.context_length", 4096);
  number(to, "llama.block_count", 2);
  number(to, "llama.embedding_length", 64);
  number(to, "llama.attention.head_count", 4);
  to.text("llama.attention.head_count_kv").u32(ARRAY).u32(U32).u64(2).u32(1).u32(3);
  to.text("tokenizer.ggml.tokens").u32(ARRAY).u32(STRING).u64(3).text("a").text("b").text("");
  text(to, "tokenizer.chat_template", "{% if tools %}…{% endif %}");
  to.text("token_embd.weight").u32(2).u64(8).u64(4).u32(F16).u64(0);
  return to.zeros(32, weights).bytes();
}

Deno.test("the head tells what is in the file", async () => {
  const bytes = model();
  assertEquals(await reading(bytes), {
    architecture: "llama",
    name: "Little",
    parameters: 32,
    quantization: "Q4_K_M",
    context: 4096,
    layers: 2,
    vocabulary: 3,
    // (1 + 3) heads of 16 keys and 16 values, two bytes each.
    bytesPerToken: 256,
    bytes: bytes.length,
    tools: true,
    parts: 1,
  });
});

Deno.test("a file that is cut off, wherever, is known by that", async () => {
  const bytes = model();
  for (let length = 24; length < bytes.length; length += 7) {
    assertEquals((await refused(bytes.subarray(0, length))).code, "MODEL_TRUNCATED", `${length}`);
  }
  const { detail } = await refused(bytes.subarray(0, bytes.length - 1));
  assertStringIncludes(detail, "the tensor 'token_embd.weight' is cut off");
});

Deno.test("what isn't GGUF is no model", async () => {
  const big = new Writer().raw("GGUF").u32(0x03000000).u64(0).u64(0).bytes();
  for (const bytes of [new Uint8Array(), new Uint8Array(4096), start(0, 0, 1).bytes(), big]) {
    assertEquals((await refused(bytes)).code, "MODEL_FILE");
  }
});

Deno.test("numbers that can't be are damage, and cost neither time nor memory", async (t) => {
  const most = 2n ** 64n - 1n;
  const claims: Record<string, Uint8Array> = {
    "tensors without end": start(most, 0).bytes(),
    "entries without end": start(0, most).bytes(),
    "a key without end": start(0, 1).u64(most).zeros(64).bytes(),
    "a text without end": start(0, 1).text("a").u32(STRING).u64(most).zeros(64).bytes(),
    "a list without end": start(0, 1).text("a").u32(ARRAY).u32(STRING).u64(most).bytes(),
    "a list of lists": start(0, 1).text("a").u32(ARRAY).u32(ARRAY).u64(1).zeros(64, 64).bytes(),
    "an unknown type": start(0, 1).text("a").u32(77).zeros(64).bytes(),
    "too many dimensions": start(1, 0).text("t").u32(5).zeros(64, 64).bytes(),
    "a tensor without end": start(1, 0).text("t").u32(2).u64(most).u64(most).u32(0).u64(0).bytes(),
    "no architecture": start(0, 0).zeros(32).bytes(),
    "odd rows": start(1, 0).text("t").u32(1).u64(33).u32(8).u64(0).zeros(32, 64).bytes(),
    "a wild alignment": text(start(0, 2), "general.architecture", "llama")
      .text("general.alignment").u32(U64).u64(most).bytes(),
  };
  for (const [name, bytes] of Object.entries(claims)) {
    await t.step(name, async () => assertEquals((await refused(bytes)).code, "MODEL_DAMAGED"));
  }
});

Deno.test("a head that goes on and on is given up", async () => {
  const path = await Deno.makeTempFile();
  try {
    const to = start(0, 1).text("words").u32(ARRAY).u32(STRING).u64(9_999_999);
    await Deno.writeFile(path, to.bytes());
    // Zeros: words without letters, 80 MB of them.
    await Deno.truncate(path, 300 << 20);
    const { code, detail } = await assertRejects(() => readGguf(path), ErthError);
    assertEquals([code, detail], ["MODEL_DAMAGED", "Its head is longer than 67108864 bytes"]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a file that isn't there isn't found, and a folder is none", async () => {
  assertEquals(
    (await assertRejects(() => readGguf("/nowhere/x.gguf"), ErthError)).code,
    "NOT_FOUND",
  );
  assertEquals((await assertRejects(() => readGguf("/tmp"), ErthError)).code, "MODEL_FILE");
});
