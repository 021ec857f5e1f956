import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Clock, within } from "../process/clock.ts";
import { removePrivately, replacePrivately } from "../config/private_file.ts";
import { type Html, markup } from "../presentation/html.ts";

/** A link for one browser. */
export interface Launch {
  /** Whoever has it is let in, once: not for arguments, which every account can read. */
  url: string;
  /** A file that leads there, for our own account's eyes. */
  page: string;
}

/** What launches are made with. */
export interface LaunchesOptions {
  /** Where the pages lie. */
  folder: string;
  title: string;
  /** The address with prefix and slash. */
  address: string;
  /** Mints a launch code. */
  mint: (onUsed?: () => void) => string;
  clock: Clock;
}

const NAME = /^launch-[0-9a-f-]{36}\.html(\.new)?$/;
/** As long as the code in it holds. */
const LIFE_MS = 10 * 60_000;

/**
 * Links for browsers, by way of a page in the data folder (as Jupyter does): what a program is
 * started with stands in `/proc` for every account, so it may name a file, but no secret.
 */
export class Launches {
  readonly #options: LaunchesOptions;
  readonly #open = new Map<string, { used: Promise<boolean>; end: () => void }>();

  constructor(options: LaunchesOptions) {
    this.#options = options;
  }

  /** A fresh link, for a person to follow. */
  link(onUsed?: () => void): string {
    return `${this.#options.address}launch?code=${this.#options.mint(onUsed)}`;
  }

  /**
   * Writes a page. It is there until somebody used it, or for ten minutes.
   *
   * @throws {Deno.errors.Base} If the folder can't be written to.
   */
  write(): Launch {
    const { clock, folder, title } = this.#options;
    const page = join(folder, `launch-${randomUUID()}.html`);
    const { promise: used, resolve } = Promise.withResolvers<boolean>();
    const settle = (isUsed: boolean) => {
      cancel();
      this.#open.delete(page);
      removeQuietly(page);
      resolve(isUsed);
    };
    const cancel = clock.after(LIFE_MS, () => settle(false));
    const url = this.link(() => settle(true));
    this.#open.set(page, { used, end: () => settle(false) });
    replacePrivately(page, pageTo(`${url}&page`, title).toString());
    return { url, page };
  }

  /** Whether a page was used within `ms` milliseconds. */
  async isUsed(page: string, ms: number): Promise<boolean> {
    const launch = this.#open.get(page);
    // Used already, and so forgotten; or nobody ever knew it.
    if (launch === undefined) return NAME.test(page.slice(this.#options.folder.length + 1));
    return await within(this.#options.clock, ms, launch.used) && await launch.used;
  }

  /** Removes all pages, those that a killed process left behind too. */
  close(): void {
    for (const { end } of [...this.#open.values()]) end();
    this.sweep();
  }

  /** Removes what a killed process left behind; only for the owner of the folder. */
  sweep(): void {
    try {
      for (const { name } of Deno.readDirSync(this.#options.folder)) {
        if (NAME.test(name)) removeQuietly(join(this.#options.folder, name));
      }
    } catch {
      // A folder that can't be read holds none of ours.
    }
  }
}

function removeQuietly(page: string): void {
  try {
    removePrivately(page);
  } catch {
    // The code in it is used or too old by now.
  }
}

/** A page that leads on by itself, and by a link where a browser won't. */
function pageTo(url: string, title: string): Html {
  return markup`
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="referrer" content="no-referrer">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="0; url=${url}">
    <title>${title}</title>
    <p><a href="${url}">Open ${title}</a></p>
    </html>
  `;
}
