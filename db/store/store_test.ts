import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { Store } from "./store.ts";

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a transaction is all or nothing", () =>
  inFolder(async (folder) => {
    const store = await Store.open({ path: `${folder}/a.db`, synchronous: "NORMAL" });
    store.run("CREATE TABLE t (x INTEGER)");
    assertThrows(() =>
      store.transaction(() => {
        store.change("INSERT INTO t VALUES (?)", 1);
        throw new Error("half-way");
      })
    );
    store.transaction(() => store.change("INSERT INTO t VALUES (?)", 2));
    assertEquals(store.rows("SELECT x FROM t"), [{ x: 2 }]);
    store.close();
  }));

Deno.test("a lock held elsewhere is STORE_BUSY", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const holder = await Store.open({ path, synchronous: "NORMAL" });
    holder.run("CREATE TABLE t (x)");
    holder.run("BEGIN IMMEDIATE");
    const other = await Store.open({ path, synchronous: "NORMAL" });
    const error = assertThrows(() => other.transaction(() => {}), ErthError);
    assertEquals(error.code, "STORE_BUSY");
    holder.run("COMMIT");
    other.transaction(() => {});
    other.close();
    holder.close();
  }));

Deno.test("a file that is no database is STORE_DAMAGED and stays as it is", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const words = "not a database at all, but somebody's only copy of something\n".repeat(40);
    await Deno.writeTextFile(path, words);
    const open = () => Store.open({ path, synchronous: "NORMAL" });
    assertEquals((await assertRejects(open, ErthError)).code, "STORE_DAMAGED");
    assertEquals(await Deno.readTextFile(path), words);
  }));

Deno.test("a folder that isn't there is STORE_READ_ONLY", () =>
  inFolder(async (folder) => {
    const open = () => Store.open({ path: `${folder}/none/a.db`, synchronous: "NORMAL" });
    assertEquals((await assertRejects(open, ErthError)).code, "STORE_READ_ONLY");
  }));
