import { eTag, ifNoneMatch } from "@std/http/etag";
import { ErthError } from "../../errors.ts";
import { type Html, markup } from "../presentation/html.ts";

/** What pages are made of. The library that knows all types costs 8 ms at each start, twice. */
const TYPES: Record<string, string> = {
  css: "text/css; charset=UTF-8",
  js: "text/javascript; charset=UTF-8",
  json: "application/json; charset=UTF-8",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  ico: "image/x-icon",
  woff2: "font/woff2",
  txt: "text/plain; charset=UTF-8",
  html: "text/html; charset=UTF-8",
};

/** Where the page's files lie: a folder of the binary, or of the source tree. */
export interface SiteOptions {
  /** Absolute path of the folder with `index.html` and `assets/`. */
  folder: string;
  /** The path everything lives under, `/PREFIX/`. */
  prefix: string;
  /** Whether the page shall tell when it is loaded and when its first fragment is on screen. */
  measured: boolean;
}

/** The static part of the page: the frame and the files it needs. */
export class Site {
  readonly #options: SiteOptions;
  readonly #template: string;
  readonly #files = new Map<string, Promise<Asset>>();

  /** @throws {Deno.errors.NotFound} if the folder has no `index.html`. */
  constructor(options: SiteOptions) {
    this.#options = options;
    this.#template = Deno.readTextFileSync(`${options.folder}/index.html`);
  }

  /**
   * The frame's HTML for a route such as `notes/ID`; `news` is the id of the latest change, `notice`
   * what a person has to see.
   */
  frame(route: string, news: number, notice?: Html): string {
    const { measured, prefix } = this.#options;
    const values: Record<string, string | number | Html> = {
      base: prefix,
      route,
      news,
      measured: `${measured}`,
      notice: notice ?? "",
    };
    // In one go: a route may itself hold what looks like a place for a value.
    return this.#template.replaceAll(
      /\{\{(\w+)\}\}/g,
      (place, name) => markup`${values[name] ?? place}`.toString(),
    );
  }

  /**
   * One file below `assets/`, with an ETag.
   *
   * @throws {ErthError} `NOT_FOUND`.
   */
  async asset(request: Request, name: string): Promise<Response> {
    if (!/^[\w-]+(\.[\w-]+)*$/.test(name)) throw new ErthError("NOT_FOUND", name);
    const asset = await this.#load(name);
    const headers = new Headers({
      "content-type": asset.type,
      "cache-control": "private, no-cache",
      etag: asset.etag,
    });
    if (!ifNoneMatch(request.headers.get("if-none-match"), asset.etag)) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(request.method === "HEAD" ? null : asset.bytes, { headers });
  }

  #load(name: string): Promise<Asset> {
    let asset = this.#files.get(name);
    if (asset === undefined) {
      asset = this.#read(name);
      this.#files.set(name, asset);
      asset.catch(() => this.#files.delete(name));
    }
    return asset;
  }

  async #read(name: string): Promise<Asset> {
    try {
      const bytes = await Deno.readFile(`${this.#options.folder}/assets/${name}`);
      const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
      return { bytes, type, etag: await eTag(bytes) ?? "" };
    } catch (error) {
      throw new ErthError("NOT_FOUND", `${name}: ${error}`);
    }
  }
}

/** A file as it is sent; the few there are stay in memory. */
interface Asset {
  bytes: Uint8Array<ArrayBuffer>;
  type: string;
  etag: string;
}
