import { ErthError } from "../../../errors.ts";
import { mixtureName, tensorType } from "./types.ts";
import { HeadReader } from "./head.ts";

/** What the head of a GGUF file tells of the model in it. */
export interface GgufInfo {
  architecture: string;
  /** As its makers call it. */
  name?: string;
  /** How many numbers it has, in this file. */
  parameters: number;
  /** `Q4_K_M`, `F16` …; the commonest kind of its tensors if it doesn't say. */
  quantization?: string;
  /** The longest context that it was made for, in tokens. */
  context?: number;
  layers: number;
  /** How many words its vocabulary has. */
  vocabulary: number;
  /** Of the keys and values that it keeps for each token, as 16-bit numbers. */
  bytesPerToken: number;
  /** Of the file. */
  bytes: number;
  /** Whether its way of writing prompts speaks of tools. */
  tools: boolean;
  /** How many files it comes in. */
  parts: number;
}

type Value = number | string | readonly number[];

const MAGIC = 0x46554747;
const MOST_KEYS = 65_536;
const MOST_TENSORS = 1_000_000;
const MOST_ENTRIES = 10_000_000;
const MOST_DIMENSIONS = 4;
const LONGEST_KEY = 256;
const LONGEST_TEXT = 1 << 20;
const LONGEST_LIST = 1024;
const STRING = 8;
const ARRAY = 9;
/** Bytes of a value, by its type. */
const WIDTHS: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

/**
 * Reads the head of a GGUF file (version 2 or 3) and compares what it promises with the file's
 * length. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 * @throws {ErthError} `MODEL_FILE` if it is no GGUF file, `MODEL_DAMAGED`, `MODEL_TRUNCATED`,
 * `NOT_FOUND` if it can't be read.
 */
export async function readGguf(path: string): Promise<GgufInfo> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    throw new ErthError("NOT_FOUND", `${error instanceof Error ? error.message : error}`);
  }
  using _ = file;
  const { size, isFile } = await file.stat();
  if (!isFile) throw new ErthError("MODEL_FILE", "It is no file");
  return await new Gguf(new HeadReader(file), size).read();
}

class Gguf {
  readonly #in: HeadReader;
  readonly #size: number;
  readonly #values = new Map<string, Value>();
  /** How many entries each list has. */
  readonly #lengths = new Map<string, number>();

  constructor(reader: HeadReader, size: number) {
    this.#in = reader;
    this.#size = size;
  }

  async read(): Promise<GgufInfo> {
    const [tensors, keys] = await this.#start();
    for (let left = keys; left > 0; left--) await this.#entry();
    const { parameters, kind } = await this.#tensors(tensors);
    const architecture = this.#text("general.architecture");
    if (architecture === undefined) throw damaged("It names no architecture");
    const of = (name: string) => this.#number(`${architecture}.${name}`);
    return {
      architecture,
      name: this.#text("general.name"),
      parameters,
      quantization: mixtureName(this.#number("general.file_type")) ?? kind,
      context: of("context_length"),
      layers: of("block_count") ?? 0,
      vocabulary: this.#lengths.get("tokenizer.ggml.tokens") ?? of("vocab_size") ?? 0,
      bytesPerToken: this.#bytesPerToken(architecture),
      bytes: this.#size,
      tools: this.#text("tokenizer.chat_template")?.includes("tools") ?? false,
      parts: Math.max(1, this.#number("split.count") ?? 1),
    };
  }

  /** Magic and version; how many tensors and keys follow. */
  async #start(): Promise<[number, number]> {
    // Four bytes that aren't there are no reason to call it a model cut short.
    if (this.#size < 24 || await this.#in.u32() !== MAGIC) {
      throw new ErthError("MODEL_FILE", "It doesn't begin with GGUF");
    }
    const version = await this.#in.u32();
    if (version > 0xffff && (version & 0xffff) === 0) {
      throw new ErthError("MODEL_FILE", "It was made for another kind of processor (big-endian)");
    }
    if (version !== 2 && version !== 3) {
      throw new ErthError("MODEL_FILE", `Version ${version} of the format isn't known`);
    }
    const [tensors, keys] = [await this.#in.u64(), await this.#in.u64()];
    if (tensors > MOST_TENSORS) throw damaged(`It claims ${tensors} tensors`);
    if (keys > MOST_KEYS) throw damaged(`It claims ${keys} entries`);
    return [tensors, keys];
  }

  async #entry(): Promise<void> {
    const key = await this.#in.text(LONGEST_KEY);
    const type = await this.#in.u32();
    if (type === ARRAY) return await this.#list(key);
    this.#values.set(key, await this.#value(key, type));
  }

  async #list(key: string): Promise<void> {
    const type = await this.#in.u32();
    const length = await this.#in.u64();
    if (length > MOST_ENTRIES) throw damaged(`'${key}' claims ${length} entries`);
    this.#lengths.set(key, length);
    if (type === STRING) return await this.#in.skipTexts(length);
    const width = WIDTHS[type];
    if (width === undefined) throw damaged(`'${key}' has entries of the unknown type ${type}`);
    if (length > LONGEST_LIST) return await this.#in.skip(length * width);
    const values: number[] = [];
    for (let left = length; left > 0; left--) values.push(Number(await this.#value(key, type)));
    this.#values.set(key, values);
  }

  async #value(key: string, type: number): Promise<number | string> {
    if (type === STRING) return await this.#in.text(LONGEST_TEXT);
    const width = WIDTHS[type];
    if (width === undefined) throw damaged(`'${key}' has the unknown type ${type}`);
    return await this.#in.number(width, (view, at) => read(view, at, type));
  }

  /** Passes over the list of tensors; how many numbers they have, and mostly of which kind. */
  async #tensors(count: number): Promise<{ parameters: number; kind?: string }> {
    let parameters = 0;
    let [end, last] = [0, ""];
    const kinds = new Map<string, number>();
    for (let left = count; left > 0; left--) {
      const name = await this.#in.text(LONGEST_KEY);
      const { numbers, width } = await this.#dimensions(name);
      const type = tensorType(await this.#in.u32());
      const offset = await this.#in.u64();
      parameters += numbers;
      if (type === undefined) continue;
      kinds.set(type.name, (kinds.get(type.name) ?? 0) + numbers);
      if (width % type.numbers !== 0) {
        throw damaged(`The tensor '${name}' has rows of ${width} numbers, as ${type.name} can't`);
      }
      const stop = offset + numbers / type.numbers * type.bytes;
      if (stop > end) [end, last] = [stop, name];
    }
    const alignment = this.#number("general.alignment") ?? 32;
    if (!(alignment >= 1 && alignment <= 1 << 20)) {
      throw damaged(`Its tensors are aligned to ${alignment} bytes`);
    }
    const needed = Math.ceil(this.#in.position / alignment) * alignment + end;
    if (needed > this.#size) {
      const detail = `It has ${this.#size} bytes of ${needed}: the tensor '${last}' is cut off`;
      throw new ErthError("MODEL_TRUNCATED", detail);
    }
    const kind = [...kinds].sort(([, a], [, b]) => b - a)[0]?.[0];
    return { parameters, kind };
  }

  async #dimensions(name: string): Promise<{ numbers: number; width: number }> {
    const count = await this.#in.u32();
    if (count > MOST_DIMENSIONS) throw damaged(`The tensor '${name}' has ${count} dimensions`);
    let [numbers, width] = [1, 1];
    for (let index = 0; index < count; index++) {
      const length = await this.#in.u64();
      if (index === 0) width = length;
      numbers *= length;
    }
    if (!Number.isSafeInteger(numbers)) throw damaged(`The tensor '${name}' claims ${numbers}`);
    return { numbers, width };
  }

  /** An upper bound: some kinds of attention keep less. */
  #bytesPerToken(architecture: string): number {
    const of = (name: string) => this.#values.get(`${architecture}.${name}`);
    const layers = Number(of("block_count") ?? 0);
    const heads = largest(of("attention.head_count"));
    const size = heads > 0 ? Number(of("embedding_length") ?? 0) / heads : 0;
    const keys = Number(of("attention.key_length") ?? size);
    const values = Number(of("attention.value_length") ?? size);
    const kept = of("attention.head_count_kv") ?? heads;
    const all = typeof kept === "object"
      ? kept.reduce((sum, each) => sum + each, 0)
      : Number(kept) * layers;
    const bytes = all * (keys + values) * 2;
    return Number.isFinite(bytes) && bytes > 0 ? bytes : 0;
  }

  #text(key: string): string | undefined {
    const value = this.#values.get(key);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  #number(key: string): number | undefined {
    const value = this.#values.get(key);
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }
}

/** One number, by its type in the file. */
function read(view: DataView, at: number, type: number): number {
  switch (type) {
    case 0:
    case 7:
      return view.getUint8(at);
    case 1:
      return view.getInt8(at);
    case 2:
      return view.getUint16(at, true);
    case 3:
      return view.getInt16(at, true);
    case 4:
      return view.getUint32(at, true);
    case 5:
      return view.getInt32(at, true);
    case 6:
      return view.getFloat32(at, true);
    case 10:
      return Number(view.getBigUint64(at, true));
    case 11:
      return Number(view.getBigInt64(at, true));
    default:
      return view.getFloat64(at, true);
  }
}

function largest(value: Value | undefined): number {
  return typeof value === "object" ? Math.max(0, ...value) : Number(value ?? 0);
}

function damaged(detail: string): ErthError {
  return new ErthError("MODEL_DAMAGED", detail);
}
