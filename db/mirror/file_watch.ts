import { sleep } from "./listener.ts";
import type { Store } from "../store/store.ts";

/** How often the file is asked whether somebody wrote, who didn't say so. */
const LOOK_MS = 400;
/** A pause longer than this was a suspend: everything may have changed. */
const SUSPENDED_MS = 5_000;

/** Whom to tell. */
export interface FileWatchOptions {
  store: Store;
  onCommit: () => void;
  /** The computer slept. */
  onResume: () => void;
  /** Resolves after so many milliseconds, or at the signal. */
  wait?: typeof sleep;
}

/** Notices what other connections commit to the file. */
export class FileWatch {
  readonly #options: FileWatchOptions;
  #version: number | undefined;

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  /** Looks over and over, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { onCommit, onResume, wait = sleep } = this.#options;
    while (!signal.aborted) {
      // The clock that goes on while the computer sleeps.
      const last = Date.now();
      await wait(LOOK_MS, signal);
      if (signal.aborted) return;
      if (Date.now() - last > SUSPENDED_MS) onResume();
      if (this.look()) onCommit();
    }
  }

  /** Whether somebody else has committed since the last look. */
  look(): boolean {
    const before = this.#version;
    try {
      const [row] = this.#options.store.rows<{ data_version: number }>("PRAGMA data_version");
      this.#version = row!.data_version;
    } catch {
      // The next round meets the same failure, and says so.
    }
    return before !== undefined && before !== this.#version;
  }
}
