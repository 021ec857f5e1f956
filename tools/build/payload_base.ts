import { join } from "node:path";

/**
 * A compile base that carries the payloads' blocks behind its own bytes, where `deno compile` leaves
 * them, instead of among the embedded files: those are read into memory at every start (12 ms and
 * 13 MB). `payloads/offsets.json` then says where they begin in the program's file. Where a program
 * can't be lengthened like that (it can on Linux) the base stays as it is.
 *
 * @param base Path of the compile base.
 * @param embed The folder with `payloads/`, of which the `.bin` files go.
 * @param target Where to write the new base.
 * @returns the path of the base to use.
 */
export async function loadBase(base: string, embed: string, target: string): Promise<string> {
  if (Deno.build.os !== "linux") return base;
  const payloads = join(embed, "payloads");
  const names = [...Deno.readDirSync(payloads)].map(({ name }) => name).sort();
  const offsets: Record<string, number> = {};
  await Deno.copyFile(base, target);
  await Deno.chmod(target, 0o755);
  for (const name of names.filter((name) => name.endsWith(".bin"))) {
    const path = join(payloads, name);
    offsets[name.slice(0, -".bin".length)] = (await Deno.stat(target)).size;
    await Deno.writeFile(target, await Deno.readFile(path), { append: true });
    await Deno.remove(path);
  }
  await Deno.writeTextFile(join(payloads, "offsets.json"), JSON.stringify(offsets));
  return target;
}
