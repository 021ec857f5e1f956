import { escape } from "@std/html/entities";
import { serveFile } from "@std/http/file-server";
import { ErthError } from "../errors.ts";

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
  readonly #files = new Map<string, Promise<Deno.FileInfo | undefined>>();
  readonly #madeAt = new Date();

  /** @throws {Deno.errors.NotFound} if the folder has no `index.html`. */
  constructor(options: SiteOptions) {
    this.#options = options;
    this.#template = Deno.readTextFileSync(`${options.folder}/index.html`);
  }

  /** The frame's HTML for a route such as `notes/ID`. */
  frame(route: string): string {
    return this.#template
      .replaceAll("{{base}}", escape(this.#options.prefix))
      .replaceAll("{{route}}", escape(route))
      .replaceAll("{{measured}}", this.#options.measured ? "true" : "false");
  }

  /**
   * One file below `assets/`, with an ETag.
   *
   * @throws {ErthError} `NOT_FOUND`.
   */
  async asset(request: Request, name: string): Promise<Response> {
    if (!/^[\w-]+(\.[\w-]+)*$/.test(name)) throw new ErthError("NOT_FOUND", name);
    const path = `${this.#options.folder}/assets/${name}`;
    const fileInfo = await this.#info(path);
    if (fileInfo === undefined) throw new ErthError("NOT_FOUND", name);
    const response = await serveFile(request, path, { fileInfo });
    response.headers.set("cache-control", "private, no-cache");
    return response;
  }

  #info(path: string): Promise<Deno.FileInfo | undefined> {
    let info = this.#files.get(path);
    if (info === undefined) {
      // Files of the binary have no time; an ETag needs one, and this run's is exact enough.
      info = Deno.stat(path).then(
        (found) => found.isFile ? { ...found, mtime: this.#madeAt } : undefined,
        () => undefined,
      );
      this.#files.set(path, info);
    }
    return info;
  }
}
