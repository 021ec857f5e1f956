import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { Erth } from "../harness.ts";
import { strangerTest } from "./stranger.ts";

const STICK_BYTES = 256 * 1024 * 1024;

/** A stick as shops sell them: exFAT, which knows neither owners nor modes. */
class Stick implements AsyncDisposable {
  readonly path: string;
  readonly #image: string;
  readonly #device: string;

  private constructor(path: string, image: string, device: string) {
    this.path = path;
    this.#image = image;
    this.#device = device;
  }

  /** @param options As mount(8) takes them: on such disks they say whose all files are. */
  static async mount(options: string): Promise<Stick> {
    const [path, image] = [await Deno.makeTempDir(), await Deno.makeTempFile()];
    await Deno.truncate(image, STICK_BYTES);
    await must(["mkfs.exfat", image]);
    const device = await must(["losetup", "--find", "--show", image]);
    await must(["mount.exfat-fuse", "-o", options, device, path]);
    return new Stick(path, image, device);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must(["umount", "-l", this.path]);
    await must(["losetup", "--detach", this.#device]);
    await Deno.remove(this.path);
    await Deno.remove(this.#image);
  }
}

async function must([program = "", ...args]: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const text = new TextDecoder();
  if (code === 0) return text.decode(stdout).trim();
  throw new Error(`Cannot run ${program}: status ${code}: ${text.decode(stderr)}`);
}

for (const options of ["uid=0,umask=000", "uid=61234,umask=000"]) {
  strangerTest(`a data folder on a stick is used, and named: ${options}`, async () => {
    await using stick = await Stick.mount(options);
    const data = join(stick.path, "erth-data");
    await Deno.mkdir(data);
    await using erth = await Erth.start({ data, args: ["--portable"] });
    await erth.json("notes", { title: "On a stick" });
    const { notices } = await erth.report();
    assertEquals(notices.length, 1);
    assert(notices[0]!.startsWith(`${data} lies on a disk without permissions`), notices[0]);
  });
}
