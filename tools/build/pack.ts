import { join } from "node:path";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { type Manifest, type PayloadBlock, sha256 } from "../../shell/payload/format.ts";
import { filesUnder } from "../steps/steps.ts";

/** Large enough to cost under 1 % of the ratio, small enough to unpack on several cores. */
const BLOCK_BYTES = 4 << 20;

/** 11 saves another 7 %, and takes ten times as long. */
const QUALITY = 9;

const compress = promisify(brotliCompress);

/** A file to pack. */
export interface Member {
  /** Its path in the payload, with slashes. */
  path: string;
  /** Where it lies now. */
  source: string;
}

/** Every file of a folder as members; links become copies of what they point to. */
export async function membersOf(folder: string): Promise<Member[]> {
  const files = await filesUnder(folder);
  return files.map((source) => ({ path: source.slice(folder.length + 1), source }));
}

/**
 * Writes `NAME.json` and `NAME.bin` into `target`. The same members give the same bytes.
 *
 * @param cache A folder that keeps compressed blocks by the hash of what is in them.
 */
export async function pack(
  name: string,
  members: Member[],
  target: string,
  cache: string,
): Promise<Manifest> {
  const contents = await Promise.all(members.map(({ source }) => Deno.readFile(source)));
  const files = await Promise.all(members.map(async ({ path, source }, index) => {
    const bytes = contents[index]!;
    const executable = ((await Deno.stat(source)).mode ?? 0) & 0o100;
    return { path, size: bytes.length, sha256: await sha256(bytes), executable: executable !== 0 };
  }));
  const bytes = new Uint8Array(await new Blob(contents).arrayBuffer());
  const slices: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    slices.push(bytes.subarray(at, at + BLOCK_BYTES));
  }
  await Deno.mkdir(cache, { recursive: true });
  const packed: { block: PayloadBlock; bytes: Uint8Array }[] = [];
  await Promise.all(Array.from({ length: availableParallelism() }, async (_, worker) => {
    for (let index = worker; index < slices.length; index += availableParallelism()) {
      packed[index] = await packBlock(slices[index]!, cache);
    }
  }));
  const manifest: Manifest = { files, blocks: packed.map(({ block }) => block) };
  await Deno.mkdir(target, { recursive: true });
  using archive = await Deno.open(join(target, `${name}.bin`), {
    create: true,
    write: true,
    truncate: true,
  });
  for (const { bytes } of packed) {
    for (let at = 0; at < bytes.length;) at += await archive.write(bytes.subarray(at));
  }
  await Deno.writeTextFile(join(target, `${name}.json`), JSON.stringify(manifest));
  return manifest;
}

async function packBlock(bytes: Uint8Array<ArrayBuffer>, cache: string) {
  const hash = await sha256(bytes);
  const path = join(cache, `${hash}.br${QUALITY}`);
  let packed = await Deno.readFile(path).catch(() => undefined);
  if (packed === undefined) {
    packed = new Uint8Array(
      await compress(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: QUALITY,
          [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      }),
    );
    await Deno.writeFile(`${path}.part`, packed);
    await Deno.rename(`${path}.part`, path);
  }
  return { block: { size: bytes.length, packed: packed.length, sha256: hash }, bytes: packed };
}
