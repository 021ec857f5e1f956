import { assertEquals, assertThrows } from "@std/assert";
import { ErthError } from "../../../errors.ts";
import { planLoad } from "./plan.ts";

const GB = 1e9;

/** A model of 4 GB, 128 KB for each token, on a machine of 16 GB. */
const MODEL = {
  info: { context: 131_072, vocabulary: 32_000, bytesPerToken: 131_072 },
  bytes: 4 * GB,
  settings: {},
  memory: { total: 16 * GB, available: 12 * GB },
  processors: 8,
};

const plan = (more: Partial<Parameters<typeof planLoad>[0]>) => planLoad({ ...MODEL, ...more });

Deno.test("a machine with room gets the usual context, twice", () => {
  const { context, slots, threads, bytes } = plan({});
  assertEquals([context, slots, threads], [8192, 2, 4]);
  // Weights, what the context takes twice, and 166 MB.
  assertEquals(Math.round((bytes - 4 * GB - 2 * 8192 * 131_072) / 1e6), 166);
});

Deno.test("a model's own limit stays", () => {
  assertEquals(plan({ info: { ...MODEL.info, context: 2048 } }).context, 2048);
  assertEquals(
    plan({ info: { ...MODEL.info, context: 2048 }, settings: { context: 9000 } }).context,
    2048,
  );
});

Deno.test("little room costs the second answer first, then context", () => {
  const with_ = (available: number) => {
    const { context, slots } = plan({ memory: { total: 16 * GB, available } });
    return [context, slots];
  };
  assertEquals(with_(6 * GB), [8192, 1]);
  assertEquals(with_(5.3 * GB), [4096, 1]);
  assertEquals(with_(4.8 * GB), [1024, 1]);
});

Deno.test("what a person set isn't changed, but refused if it doesn't fit", () => {
  assertEquals(plan({ settings: { context: 32_768, threads: 3 } }), {
    context: 32_768,
    slots: 1,
    threads: 3,
    bytes: 4 * GB + (96 << 20) + 512 * 32_000 * 4 + 32_768 * 131_072,
  });
  const large = () => plan({ settings: { context: 131_072 } });
  assertEquals(assertThrows(large, ErthError).code, "MODEL_TOO_LARGE");
});

Deno.test("a model larger than the memory is refused in numbers", () => {
  const { code, detail } = assertThrows(() => plan({ bytes: 40 * GB }), ErthError);
  assertEquals(code, "MODEL_TOO_LARGE");
  assertEquals(detail, "About 40.23 GB are needed with a context of 512, 12.00 GB are free");
});

Deno.test("small machines use all their processors, others half", () => {
  const threads = [1, 2, 4, 6, 12].map((processors) => plan({ processors }).threads);
  assertEquals(threads, [1, 2, 4, 3, 6]);
});
