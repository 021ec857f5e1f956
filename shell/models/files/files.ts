import { basename, join, resolve } from "node:path";
import { asErthError, ErthError } from "../../../errors.ts";
import type { GgufInfo } from "../gguf/gguf.ts";
import { freeName } from "../settings/names.ts";
import type { AssistantFile, ModelSettings } from "../settings/settings.ts";

/** A GGUF file that is known here. */
export interface ModelFile {
  /** `local/NAME`. */
  ref: string;
  name: string;
  /** Absolute; of the first part if there are several. */
  path: string;
  /** Whether it lies in the folder of models, and goes with its entry. */
  own: boolean;
  /** All parts together. */
  bytes: number;
  /** All parts, absolute. */
  parts: string[];
  /** Another one if the file is another. */
  stamp: string;
  info?: GgufInfo;
  /** Why it is no use. */
  refused?: { code: string; detail: string };
}

/** What the list of files is made of. */
export interface ModelFilesOptions {
  /** The folder of models; it needn't be there. */
  folder: string;
  settings: AssistantFile;
  /** Reads the head of a file; throws an `ErthError` if it is no use. */
  read: (path: string) => Promise<GgufInfo>;
  /** The list is another. */
  onChange: () => void;
}

const DEEPEST = 4;
const PART = /-(\d{5})-of-(\d{5})\.gguf$/i;

/** The models that lie on this computer: in the folder of models, and where else a person said. */
export class ModelFiles {
  readonly #options: ModelFilesOptions;
  #files: ModelFile[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ModelFilesOptions) {
    this.#options = options;
  }

  /** The folder of models. */
  get folder(): string {
    return this.#options.folder;
  }

  /** As they were when last looked for. */
  list(): readonly ModelFile[] {
    return this.#files;
  }

  /** One of them; undefined if there is none. */
  find(ref: string): ModelFile | undefined {
    return this.#files.find((file) => file.ref === ref);
  }

  /** Those that can be loaded, and how. */
  sources(): { ref: string; path: string; parts: string[]; settings: ModelSettings }[] {
    const { settings } = this.#options;
    return this.#files.filter(({ refused }) => refused === undefined)
      .map(({ ref, parts, path }) => ({ ref, path, parts, settings: settings.settings(ref) }));
  }

  /** Why a model isn't loaded again by itself; undefined once its file is another. */
  failed(ref: string): { code: string; detail: string } | undefined {
    const failure = this.#options.settings.content.failed[ref];
    const stamp = this.find(ref)?.stamp;
    if (failure === undefined || (stamp !== undefined && stamp !== failure.stamp)) return undefined;
    return { code: failure.code, detail: failure.detail };
  }

  /** Keeps in mind that a model fails, or that it doesn't. */
  remember(ref: string, failed?: { code: string; detail: string }): void {
    const stamp = this.find(ref)?.stamp ?? "";
    this.#options.settings.change((content) => {
      if (failed === undefined) delete content.failed[ref];
      else content.failed[ref] = { code: failed.code, detail: failed.detail, stamp };
    });
  }

  /**
   * Looks again which files there are.
   *
   * @param inside Whether also into those that are new, which costs some time.
   */
  refresh(inside = true): Promise<void> {
    const turn = this.#turn.then(() => this.#look(inside));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /**
   * Takes a file where it lies; its reference. Of a model in several parts those in the folder of
   * models may come one after another.
   *
   * @throws {ErthError} `MODEL_GONE`, `MODEL_FILE` or what else is wrong with it.
   */
  async add(path: string): Promise<string> {
    const { folder, read, settings } = this.#options;
    const full = firstPart(resolve(path));
    const known = this.#files.find((file) => file.path === full && file.refused === undefined);
    if (known !== undefined) return known.ref;
    const own = full.startsWith(join(folder, "/"));
    const comes = own && full !== resolve(path);
    if ((await sizeOf(comes ? resolve(path) : full)) === undefined) {
      throw new ErthError("MODEL_GONE", full);
    }
    if (!comes) await read(full);
    if (!own && !Object.values(settings.content.paths).includes(full)) {
      const taken = (name: string) => this.find(`local/${name}`) !== undefined;
      const name = freeName(basename(full), taken);
      settings.change(({ paths }) => paths[name] = full);
    }
    await this.refresh();
    const added = this.#files.find((file) => file.path === full);
    if (added === undefined) throw new ErthError("MODEL_GONE", full);
    return added.ref;
  }

  /** Takes a path off the list; the file stays where it lies. */
  forget({ name }: ModelFile): void {
    this.#options.settings.change(({ paths }) => delete paths[name]);
  }

  async #look(inside: boolean): Promise<void> {
    const { folder, onChange, settings } = this.#options;
    const lying = await filesIn(folder);
    const found = [...new Set(lying.map(firstPart))];
    const places: [string, string, boolean][] = [
      ...found.map((name): [string, string, boolean] => [name, join(folder, name), true]),
      ...Object.entries(settings.content.paths).map((
        [name, path],
      ): [string, string, boolean] => [name, path, false]),
    ];
    const files = await Promise.all(places.map((place) => this.#inspect(inside, ...place)));
    files.sort((a, b) => a.name.localeCompare(b.name));
    const changed = JSON.stringify(files) !== JSON.stringify(this.#files);
    this.#files = files;
    if (changed) onChange();
  }

  async #inspect(
    inside: boolean,
    name: string,
    path: string,
    own: boolean,
  ): Promise<ModelFile> {
    const parts = partsOf(path);
    const sizes = await Promise.all(parts.map(sizeOf));
    const bytes = sizes.reduce<number>((sum, size) => sum + (size?.bytes ?? 0), 0);
    const stamp = sizes.map((size) => size && `${size.bytes}:${size.time}`).join();
    const ref = `local/${name.replaceAll("\\", "/")}`;
    const file = { ref, name, path, own, bytes, parts, stamp };
    const missing = parts.filter((_, index) => sizes[index] === undefined);
    if (missing.length > 0) {
      const detail = own
        ? `Parts are missing: ${missing.map((it) => basename(it)).join(", ")}`
        : missing.join(", ");
      return { ...file, refused: { code: own ? "MODEL_TRUNCATED" : "MODEL_GONE", detail } };
    }
    const before = this.find(ref);
    const known = before?.stamp === stamp && before.path === path ? before : undefined;
    if (known?.info !== undefined || known?.refused !== undefined) return known;
    if (!inside) return known ?? file;
    try {
      return { ...file, info: await this.#options.read(path) };
    } catch (thrown) {
      const { code, detail } = asErthError(thrown, "MODEL_FILE");
      return { ...file, refused: { code, detail } };
    }
  }
}

/** Names of the GGUF files in a folder and below, relative to it. */
async function filesIn(folder: string, below = "", depth = 0): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(join(folder, below))) {
      if (name.startsWith(".")) continue;
      const path = below === "" ? name : `${below}/${name}`;
      if (isDirectory && depth < DEEPEST) names.push(...await filesIn(folder, path, depth + 1));
      else if (!isDirectory && /\.gguf$/i.test(name)) names.push(path);
    }
  } catch {
    // There is none, or it mustn't be read: then nothing is in it.
  }
  return names;
}

async function sizeOf(path: string): Promise<{ bytes: number; time: number } | undefined> {
  try {
    const { isFile, mtime, size } = await Deno.stat(path);
    return isFile ? { bytes: size, time: mtime?.getTime() ?? 0 } : undefined;
  } catch {
    return undefined;
  }
}

/** Of a file that comes in parts the first; of any other itself. */
function firstPart(path: string): string {
  return path.replace(PART, "-00001-of-$2.gguf");
}

/** A file of its own, or all that `…-00001-of-00003.gguf` stands for; of an address, too. */
export function partsOf(path: string): string[] {
  const [whole, , last] = PART.exec(path) ?? [];
  if (whole === undefined) return [path];
  const count = Math.min(Number(last), 999);
  return Array.from({ length: count }, (_, index) => {
    const number = `${index + 1}`.padStart(5, "0");
    return path.replace(PART, `-${number}-of-${last}.gguf`);
  });
}
