import { generate } from "@std/uuid/v7";
import { join } from "node:path";
import { poll } from "../tests/harness.ts";
import { FaultProxy } from "../tests/mirror/fault_proxy.ts";
import { Sqld } from "../tests/mirror/sqld.ts";
import type { Figure } from "./lib/figure.ts";
import { drafts } from "./lib/notes.ts";
import { quantile } from "./lib/stats.ts";
import { freshFolder, mirrorThread, openStore } from "./mirror_support.ts";

const EDITS = 10;
/** With its title, 1000 characters. */
const TEXT = 970;
/** As long as a host's token is: its signature and header are 123 characters of it. */
const TOKEN = 310;
/** In which the thread says what else it has to say of an edit. */
const AFTERWARDS_MS = 6_000;
const HELD_MS = 400;

/**
 * What the mirror sends for a changed word in a note of 1000 characters, some seconds after another:
 * bytes of HTTP from the client as a proxy counts them, heads included, without those of TLS and TCP.
 */
export const mirrorBytes: Figure = {
  name: "mirror-bytes",
  measure: async (say) => {
    await using server = await Sqld.start();
    await using proxy = new FaultProxy(server.url);
    const path = join(await freshFolder(), "local.db");
    const store = await openStore(path);
    const { title, body } = drafts(1, TEXT)[0]!;
    const now = () => new Date().toISOString();
    const insert =
      "INSERT INTO notes (id, title, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?)";
    store.change(insert, generate(), title, body, now(), now());
    await using thread = mirrorThread(path, proxy.url, "t".repeat(TOKEN));
    await poll(() => thread.state?.phase === "current" && thread.state.listening);
    const [push, all, requests]: [number[], number[], number[]] = [[], [], []];
    for (let edit = 0; edit < EDITS; edit++) {
      await wait(AFTERWARDS_MS);
      proxy.resetCounts();
      // So that what follows the push doesn't come before it is counted.
      proxy.begin({ kind: "delay", ms: HELD_MS });
      const text = body.replace(/ \w+/, ` word${edit}`);
      store.change("UPDATE notes SET body = ?, updated_at = ?", text, now());
      await poll(() => proxy.counts.requests === 1);
      push.push(proxy.counts.fromClient);
      await poll(async () => {
        const [row] = await server.execute("SELECT body FROM notes");
        return row!.body === text;
      });
      proxy.end();
      await wait(AFTERWARDS_MS);
      all.push(proxy.counts.fromClient);
      requests.push(proxy.counts.requests);
    }
    store.close();
    say(`${quantile(requests, 0.5)} requests an edit`);
    const row = (name: string, bytes: number[], detail: string, goal?: number) => ({
      name,
      value: quantile(bytes, 0.5),
      unit: "bytes" as const,
      goal,
      noise: [quantile(bytes, 0.25), quantile(bytes, 0.75)] as [number, number],
      count: bytes.length,
      detail,
    });
    const token = `token of ${TOKEN} characters`;
    return [
      row("sent for a small edit of a 1 KB note", push, `1 request, ${token}`, 2048),
      row(
        "  with all that follows from it",
        all,
        `${quantile(requests, 0.5)} requests in ${AFTERWARDS_MS / 1000} s`,
      ),
    ];
  },
};

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
