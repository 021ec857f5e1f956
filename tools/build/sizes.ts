import { join } from "node:path";
import { filesUnder } from "../steps/steps.ts";

/** What the whole file may weigh. */
const LIMIT_BYTES = 128_000_000;

/**
 * Prints what takes the room in the program.
 *
 * @param parts Name and bytes, of all that is known; the rest is shown as such.
 * @throws {Error} if the file weighs more than the limit.
 */
export async function printSizes(program: string, parts: [string, number][]): Promise<void> {
  const total = (await Deno.stat(program)).size;
  const known = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  const rows: [string, number][] = [...parts, ["the rest", total - known], ["in all", total]];
  const number = new Intl.NumberFormat("en-GB");
  for (const [name, bytes] of rows) {
    console.log(`  ${name.padEnd(28)}${number.format(bytes).replaceAll(",", " ").padStart(14)}`);
  }
  const left = number.format(LIMIT_BYTES - total).replaceAll(",", " ");
  if (total > LIMIT_BYTES) {
    throw new Error(
      `Cannot accept ${program} as it may weigh ${LIMIT_BYTES} bytes: it is ${total}`,
    );
  }
  console.log(`  ${"left under the limit".padEnd(28)}${left.padStart(14)}`);
}

/** The bytes of a file or of all files in a folder. */
export async function bytesOf(...path: string[]): Promise<number> {
  const files = await filesUnder(join(...path));
  const sizes = await Promise.all(files.map(async (file) => (await Deno.stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
